import { sql } from "drizzle-orm";
import { check, index, pgEnum, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import { door, tenantColumn, tenantForeignKey, withTenantRls } from "tenantry";
import { creators } from "./creators.js";
import { timestamps } from "./timestamps.js";

/** Why an access token is no longer honoured. */
export const jwtBlacklistReason = pgEnum("jwt_blacklist_reason", [
  "signed_out",
  "password_changed",
  "compromised",
  "revoked_by_operator",
]);

/** Access tokens that must not be honoured although they have not expired. */
export const jwtBlacklist = pgTable(
  "jwt_blacklist",
  {
    ...tenantColumn(),
    /** The token's `jti` claim (RFC 7519, section 4.1.7): any string, unlikely to be given twice. */
    jti: text("jti").notNull(),
    /** When the token would have expired anyway; from then on the row is of no use. */
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
    reason: jwtBlacklistReason("reason").notNull().default("signed_out"),
    ...timestamps(),
  },
  (t) => [
    // A revocation that a service could take back or shorten would be worth nothing: an operator purges the rows.
    withTenantRls(t, { commands: ["select", "insert"], audit: true }),
    primaryKey({ name: "jwt_blacklist_pkey", columns: [t.creatorId, t.jti] }),
    // The tokens of a creator who has been erased reach no row, and can write none.
    tenantForeignKey(t, { columns: [], foreignColumns: [creators.id], onDelete: "cascade" }),
    // A purge of expired tokens goes through all creators at once.
    index("jwt_blacklist_expires_at_idx").on(t.expiresAt),
    check("jwt_blacklist_jti_check", sql`char_length(${t.jti}) between 1 and 255`),
  ],
);

/**
 * Revocation: whether a token that names this creator has been revoked. By both, and not by the `jti` alone: creators
 * could otherwise revoke each other's tokens by writing down their ids.
 */
export const isTokenRevoked = door("is_token_revoked", {
  table: jwtBlacklist,
  by: [jwtBlacklist.creatorId, jwtBlacklist.jti],
  reason: "A token is checked before its creator's context is opened; the answer is yes or no.",
});
