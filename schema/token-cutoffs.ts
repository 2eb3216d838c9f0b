import { sql } from "drizzle-orm";
import { check, index, pgTable, timestamp } from "drizzle-orm/pg-core";
import { tenantForeignKey, tenantKey, withTenantRls } from "tenantry";
import { creators } from "./creators.js";
import { jwtBlacklistReason } from "./jwt-blacklist.js";
import { timestamps } from "./timestamps.js";

/** Moments at which all of a creator's access tokens were revoked; of several, the latest counts. */
export const tokenCutoffs = pgTable(
  "token_cutoffs",
  {
    ...tenantKey(),
    /** Tokens whose `iat` is this moment or earlier are not honoured. */
    issuedUntil: timestamp("issued_until", { withTimezone: true }).notNull(),
    /** When the last of these tokens has expired by itself; from then on the row is of no use. */
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
    reason: jwtBlacklistReason("reason").notNull().default("signed_out"),
    ...timestamps(),
  },
  (t) => [
    // As in the blacklist: nothing that a service could take back.
    withTenantRls(t, { commands: ["select", "insert"], audit: true }),
    tenantForeignKey(t, { columns: [], foreignColumns: [creators.id], onDelete: "cascade" }),
    // Each check of a token asks for the latest.
    index("token_cutoffs_creator_id_issued_until_idx").on(t.creatorId, t.issuedUntil),
    // A purge of expired rows goes through all creators at once.
    index("token_cutoffs_expires_at_idx").on(t.expiresAt),
    check("token_cutoffs_expires_at_check", sql`${t.expiresAt} > ${t.issuedUntil}`),
  ],
);
