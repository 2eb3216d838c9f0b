import { sql } from "drizzle-orm";
import { check, index, inet, pgEnum, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { door, globalUnique, tenantForeignKey, tenantKey, withTenantRls } from "tenantry";
import { creators } from "./creators.js";
import { timestamps } from "./timestamps.js";

/** Why a refresh token ended early. */
export const refreshTokenRevocation = pgEnum("refresh_token_revocation", [
  "rotated",
  "signed_out",
  "reused",
  "password_changed",
  "revoked_by_operator",
]);

/**
 * Refresh tokens, each good for one use. Whoever presents a token that has already been rotated ends its whole family
 * (RFC 9700, section 4.14.2): either that copy or the other was stolen.
 */
export const refreshTokens = pgTable(
  "refresh_tokens",
  {
    ...tenantKey(),
    /** SHA-256 of the token as lower-case hex; the token itself is stored nowhere. */
    tokenHash: text("token_hash").notNull(),
    /** Shared by all tokens that go back to the same sign-in. */
    familyId: uuid("family_id").notNull(),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
    revokedAt: timestamp("revoked_at", { withTimezone: true }),
    revokedReason: refreshTokenRevocation("revoked_reason"),
    /** The token that was given out in exchange for this one. */
    replacedBy: uuid("replaced_by"),
    userAgent: text("user_agent"),
    ip: inet("ip"),
    ...timestamps(),
  },
  (t) => [
    withTenantRls(t, { audit: true, secret: [t.tokenHash] }),
    tenantForeignKey(t, { columns: [], foreignColumns: [creators.id], onDelete: "cascade" }),
    // A purge may remove a successor before its predecessor. Reuse is told by `revoked_at`, which stays.
    tenantForeignKey(t, { columns: [t.replacedBy], foreignColumns: [t.id], onDelete: "set null" }),
    uniqueIndex("refresh_tokens_creator_id_token_hash_key").on(t.creatorId, t.tokenHash),
    globalUnique(t, {
      name: "refresh_tokens_token_hash_key",
      on: sql`${t.tokenHash}`,
      reason:
        "A token is presented before its creator is known, so its hash must name one row in the whole database; only " +
        "who holds the token, which is random, can ask whether its hash is taken.",
    }),
    index("refresh_tokens_creator_id_family_id_idx").on(t.creatorId, t.familyId),
    index("refresh_tokens_creator_id_replaced_by_idx")
      .on(t.creatorId, t.replacedBy)
      .where(sql`${t.replacedBy} is not null`),
    // A purge of expired tokens goes through all creators at once.
    index("refresh_tokens_expires_at_idx").on(t.expiresAt),
    check("refresh_tokens_token_hash_check", sql`${t.tokenHash} ~ '^[0-9a-f]{64}$'`),
    check("refresh_tokens_expires_at_check", sql`${t.expiresAt} > ${t.createdAt}`),
    check("refresh_tokens_revoked_check", sql`(${t.revokedAt} is null) = (${t.revokedReason} is null)`),
    // A token with a successor is used up; it must not be good for a second one.
    check(
      "refresh_tokens_replaced_by_check",
      sql`${t.replacedBy} is null or (${t.replacedBy} <> ${t.id} and ${t.revokedAt} is not null)`,
    ),
    check("refresh_tokens_user_agent_check", sql`char_length(${t.userAgent}) <= 1000`),
  ],
);

/** Refresh: whose the token is, and whether it is still good. To use it up is done in the creator's context. */
export const findRefreshTokenByHash = door("find_refresh_token_by_hash", {
  table: refreshTokens,
  by: refreshTokens.tokenHash,
  returns: [
    refreshTokens.creatorId,
    refreshTokens.id,
    refreshTokens.familyId,
    refreshTokens.expiresAt,
    refreshTokens.revokedAt,
    refreshTokens.revokedReason,
    refreshTokens.replacedBy,
  ],
  reason: "A refresh token is presented before its creator is known.",
});
