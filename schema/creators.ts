import { sql } from "drizzle-orm";
import { check, jsonb, pgEnum, pgTable, text } from "drizzle-orm/pg-core";
import { door, globalUnique, tenantRoot, tenantRootKey } from "tenantry";
import { timestamps } from "./timestamps.js";

/** `suspended` may come back; `closed` waits for its erasure. */
export const creatorStatus = pgEnum("creator_status", ["active", "suspended", "closed"]);

/** The tenant root: a creator's `id` is the tenant id of every row in the other tables. */
export const creators = pgTable(
  "creators",
  {
    ...tenantRootKey(),
    /** Kept as typed; compared without regard to case. */
    email: text("email").notNull(),
    displayName: text("display_name").notNull(),
    /** A PHC string (`$argon2id$…`, `$2b$…`): algorithm, parameters, salt and hash in one. */
    passwordHash: text("password_hash").notNull(),
    status: creatorStatus("status").notNull().default("active"),
    settings: jsonb("settings").$type<Record<string, unknown>>().notNull().default({}),
    ...timestamps(),
  },
  (t) => [
    tenantRoot(t, {
      // Services sign creators up and let them change; to delete one, with all that is theirs, is an operator's work.
      commands: ["select", "insert", "update"],
      audit: true,
      secret: [t.passwordHash],
    }),
    globalUnique(t, {
      name: "creators_email_key",
      on: sql`lower(${t.email})`,
      reason:
        "An address signs in before the creator is known, so it must name one creator in the whole database; " +
        "sign-up answers alike whether the address was free or taken.",
    }),
    // 254 is the longest address that SMTP can carry (RFC 5321, erratum 1690). Whether it works, only mail can tell.
    check(
      "creators_email_check",
      sql`char_length(${t.email}) <= 254 and ${t.email} ~ '^[^@[:space:]]+@[^@[:space:]]+$'`,
    ),
    check("creators_display_name_check", sql`char_length(${t.displayName}) between 1 and 200`),
    // Refuses a password that was stored by mistake without being hashed.
    check("creators_password_hash_check", sql`${t.passwordHash} like '$%$%'`),
    check("creators_settings_check", sql`jsonb_typeof(${t.settings}) = 'object'`),
  ],
);

/** Login: what is needed to check a password and to open the creator's context. */
export const findCreatorByEmail = door("find_creator_by_email", {
  table: creators,
  by: creators.email,
  normalize: "lower",
  returns: [creators.id, creators.passwordHash, creators.status],
  reason: "An address signs in before the creator is known.",
});
