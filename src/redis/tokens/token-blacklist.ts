import { sql } from "drizzle-orm";
import type { AnyPgColumn, PgTable } from "drizzle-orm/pg-core";
import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { GuardedRedis } from "../guarded-redis.js";
import type { RedisConnection } from "../redis-connection.js";
import { RevocationMarks } from "./revocation-marks.js";
import { spellTenant } from "./spell-tenant.js";
import { moment, type TokenDatabase, valuesOf } from "./token-database.js";

/** Where revocations are kept, and how fast they are found. */
export type TokenBlacklistOptions = {
  /** What `connect()` gave. */
  readonly db: TokenDatabase;
  /** The door by which one token is looked up: `db.doors.isTokenRevoked`. */
  readonly isTokenRevoked: (creatorId: string, jti: string) => Promise<boolean>;
  /** Single tokens. Services may insert and read, no more. */
  readonly blacklist: PgTable & {
    readonly jti: AnyPgColumn;
    readonly expiresAt: AnyPgColumn;
    readonly reason?: AnyPgColumn;
  };
  /** Moments until which all tokens of a creator are revoked. */
  readonly cutoffs: PgTable & {
    readonly issuedUntil: AnyPgColumn;
    readonly expiresAt: AnyPgColumn;
    readonly reason?: AnyPgColumn;
  };
  /** A client of ioredis. Without one, the database is asked each time. */
  readonly redis?: RedisConnection;
  /** Milliseconds that an access token is good for at most. Default a day. A revocation of all is kept for so long. */
  readonly longestToken?: number;
  /**
   * Milliseconds for which all services may take the database's "not revoked" from Redis. Default 2,000; 0 asks the
   * database each time. Where Redis is gone, `revoke()` takes this long.
   */
  readonly trustFor?: number;
  /** Milliseconds to wait for Redis at most. Default 100. */
  readonly timeout?: number;
  /** What the keys in Redis begin with. Default `tenantry`. */
  readonly prefix?: string;
  /** Is told each failure of Redis, for logs. */
  readonly onProblem?: (thrown: unknown) => void;
};

/** Which access tokens are revoked. */
export type TokenBlacklist = {
  /**
   * Revokes one token. Once this has returned, no service takes it for valid.
   *
   * @param jti the token's `jti`, at most 255 characters.
   * @param expiresAt its `exp`.
   * @throws what the database throws; TenantryError `argument-invalid`.
   */
  revoke(jti: string, expiresAt: Date, creatorId: string, reason?: string): Promise<void>;
  /**
   * Revokes all tokens of a creator that were issued until now, or until another moment. `iat` counts seconds, so a
   * token issued in the same second is revoked, too; give the next one an `iat` with a fraction, or wait for the second
   * to end. The clocks of services must agree: a token from a clock that is ahead looks as if it were newer.
   *
   * @returns until when tokens are revoked.
   */
  revokeAll(
    creatorId: string,
    options?: { readonly issuedUntil?: Date; readonly reason?: string },
  ): Promise<Date>;
  /**
   * Whether a token is revoked. Its signature must have been verified before.
   *
   * @param issuedAt its `iat`: a date, or seconds since 1970.
   * @throws what the database throws, where it had to be asked: then nothing is known, and the token must be refused.
   */
  isRevoked(jti: string, issuedAt: Date | number, creatorId: string): Promise<boolean>;
};

const DAY_MS = 86_400_000;
/** How long a revoked token is remembered that the database told of: it does not say when the token expires. */
const KEEP_MS = 3_600_000;
/** A single token is revoked whenever it was issued. */
const EVER = Number.MAX_SAFE_INTEGER;

const cutoffRows = z.tuple([z.object({ cutoff: z.coerce.number().nullable() })]);

/**
 * The blacklist of access tokens. PostgreSQL is the truth, Redis the fast path: where it is down, slow, flushed,
 * restarted or replaced, the database is asked. It never says that a revoked token is valid; why is written at
 * `RevocationMarks`.
 *
 * @throws TenantryError `argument-invalid`
 * @example
 * const blacklist = tokenBlacklist({
 *   ...{ db, redis, blacklist: jwtBlacklist, cutoffs: tokenCutoffs },
 *   isTokenRevoked: db.doors.isTokenRevoked,
 * });
 * if (await blacklist.isRevoked(claims.jti, claims.iat, claims.sub)) return unauthorized();
 */
export function tokenBlacklist(options: TokenBlacklistOptions): TokenBlacklist {
  const { db, isTokenRevoked, blacklist, cutoffs, redis, timeout, onProblem } = options;
  const { longestToken = DAY_MS, trustFor = 2000, prefix = "tenantry" } = options;
  for (const [name, value] of Object.entries({ longestToken, trustFor }))
    if (!Number.isInteger(value) || value < 0)
      throw wrong(`The ${name} of tokenBlacklist()`, "a whole number of milliseconds");
  const guarded = redis === undefined ? undefined : new GuardedRedis({ redis, timeout, onProblem });
  const marks = new RevocationMarks(guarded, { prefix, trustFor });
  const tokenOf = (creatorId: string, jti: string) => ["token", spellTenant(creatorId), jti];
  const allOf = (creatorId: string) => ["all", spellTenant(creatorId)];

  const readCutoff = async (creatorId: string): Promise<number | undefined> => {
    const latest = sql`extract(epoch from max(${cutoffs.issuedUntil})) * 1000`;
    const rows = await db
      // A replica may not know yet what is revoked.
      .as(creatorId, { fresh: true })
      .execute(sql`select cast(${latest} as double precision) as cutoff from ${cutoffs}`);
    return cutoffRows.parse([...(rows as Iterable<unknown>)])[0].cutoff ?? undefined;
  };

  return {
    revoke: async (jti, expiresAt, creatorId, reason) => {
      requireJti(jti);
      const left = requireMoment("expiresAt", expiresAt).getTime() - Date.now();
      if (left <= 0) return;
      const row = valuesOf([
        [blacklist.jti, sql`${jti}`],
        [blacklist.expiresAt, moment(expiresAt)],
        [blacklist.reason, reason === undefined ? undefined : sql`${reason}`],
      ]);
      await db.as(creatorId).execute(sql`insert into ${blacklist} ${row} on conflict do nothing`);
      await marks.revoke(tokenOf(creatorId, jti), EVER, Math.ceil(left));
    },
    revokeAll: async (creatorId, { issuedUntil = new Date(), reason } = {}) => {
      const until = requireMoment("issuedUntil", issuedUntil).getTime();
      const row = valuesOf([
        [cutoffs.issuedUntil, moment(issuedUntil)],
        [cutoffs.expiresAt, moment(new Date(Math.max(until, Date.now()) + longestToken + 1))],
        [cutoffs.reason, reason === undefined ? undefined : sql`${reason}`],
      ]);
      await db.as(creatorId).execute(sql`insert into ${cutoffs} ${row}`);
      await marks.revoke(allOf(creatorId), until, longestToken + 1);
      return issuedUntil;
    },
    isRevoked: async (jti, issuedAt, creatorId) => {
      requireJti(jti);
      const issued = requireMoment(
        "issuedAt",
        typeof issuedAt === "number" ? new Date(issuedAt * 1000) : issuedAt,
      ).getTime();
      const [one, all] = await Promise.all([
        marks.look(tokenOf(creatorId, jti), KEEP_MS),
        marks.look(allOf(creatorId), longestToken + 1),
      ]);
      const isBefore = (cutoff: number | undefined) => cutoff !== undefined && issued <= cutoff;
      if (isBefore(one.cutoff) || isBefore(all.cutoff)) return true;
      if (one.isComplete && all.isComplete) return false;
      const [isListed, cutoff] = await Promise.all([isTokenRevoked(creatorId, jti), readCutoff(creatorId)]);
      await Promise.all([one.fill(isListed ? EVER : undefined), all.fill(cutoff)]);
      return isListed || isBefore(cutoff);
    },
  };
}

function requireJti(jti: unknown): void {
  if (typeof jti === "string" && jti.length >= 1 && jti.length <= 255 && !jti.includes("\0")) return;
  throw wrong("The jti", "a text of 1 to 255 characters");
}

function requireMoment(name: string, date: unknown): Date {
  if (date instanceof Date && Number.isFinite(date.getTime())) return date;
  throw wrong(`The ${name}`, "a moment");
}

function wrong(what: string, needed: string): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `${what} is not ${needed}.`,
    hint: "Pass the claims of a token whose signature has been verified; refuse one that lacks them.",
  });
}
