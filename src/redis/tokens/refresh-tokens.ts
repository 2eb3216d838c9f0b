import { createHash, randomBytes, randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn, PgTable } from "drizzle-orm/pg-core";
import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { spellTenant } from "./spell-tenant.js";
import type { TokenDatabase, TokenSession } from "./token-database.js";
import { valuesOf } from "./token-database.js";

/** Where refresh tokens are kept. */
export type RefreshTokensOptions = {
  /** What `connect()` gave. */
  readonly db: TokenDatabase;
  readonly table: PgTable & {
    readonly id: AnyPgColumn;
    readonly tokenHash: AnyPgColumn;
    readonly familyId: AnyPgColumn;
    readonly expiresAt: AnyPgColumn;
    readonly revokedAt: AnyPgColumn;
    readonly revokedReason: AnyPgColumn;
    readonly replacedBy: AnyPgColumn;
    readonly userAgent?: AnyPgColumn;
    readonly ip?: AnyPgColumn;
  };
  /** Finds a token by its hash before its creator is known: `db.doors.findRefreshTokenByHash`. */
  readonly find: (
    hash: string,
  ) => Promise<
    { readonly creatorId: string; readonly familyId: string; readonly revokedAt: Date | null } | undefined
  >;
  /** Milliseconds that a token is good for. Default 30 days. */
  readonly lifetime?: number;
};

/** From where a token was asked for, for whoever looks at the table. */
export type TokenOrigin = { readonly userAgent?: string; readonly ip?: string };

/** A new token: the only time that it is seen. */
export type IssuedToken = {
  readonly creatorId: string;
  /** 256 random bits, as 43 characters of base64url. */
  readonly token: string;
  readonly familyId: string;
  readonly expiresAt: Date;
};

/**
 * `unknown`: there is no such token. `expired`, `revoked`: it is over. `reused`: it had been used up before, so that
 * somebody has a copy; its whole family is revoked now. `raced`: the same token was used up by a request at the same
 * time, which has the new one; nothing is revoked.
 */
export type RefusedToken = {
  readonly outcome: "refused";
  readonly reason: "unknown" | "expired" | "revoked" | "reused" | "raced";
  /** Whose token it was; undefined for `unknown`. */
  readonly creatorId: string | undefined;
};

/** Refresh tokens, each good for one use. */
export type RefreshTokens = {
  /** A first token, after a sign-in: the beginning of a family. */
  issue(creatorId: string, origin?: TokenOrigin): Promise<IssuedToken>;
  /** Uses a token up and gives the next of its family, in one transaction. Of several at once, one gets it. */
  rotate(
    token: string,
    origin?: TokenOrigin,
  ): Promise<({ readonly outcome: "rotated" } & IssuedToken) | RefusedToken>;
  /** Ends the family of a token: sign-out. False for a token that is unknown. */
  revoke(token: string, reason?: string): Promise<boolean>;
  /** Ends all families of a creator, and gives how many tokens that were. */
  revokeAll(creatorId: string, reason?: string): Promise<number>;
};

const LIFETIME_MS = 30 * 86_400_000;
const TOKEN = /^[\w-]{43}$/;
const LONGEST_USER_AGENT = 1000;
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

const madeRows = z.tuple([z.object({ id: z.string(), expires: z.coerce.number() })]);
const usedRows = z.array(z.object({ id: z.string() }));
const stateRows = z.array(z.object({ reason: z.string().nullable() }));

/**
 * Refresh tokens with rotation: whoever presents a token that was used up before ends its family (RFC 9700, section
 * 4.14.2). Only SHA-256 hashes are stored; that is enough for 256 random bits, which nobody can guess.
 *
 * @throws TenantryError `argument-invalid`
 * @example
 * const tokens = refreshTokens({ db, table: schema.refreshTokens, find: db.doors.findRefreshTokenByHash });
 * const { token } = await tokens.issue(creatorId, { userAgent, ip });
 * const next = await tokens.rotate(token);
 * if (next.outcome === "refused") return unauthorized();
 */
export function refreshTokens({
  db,
  table,
  find,
  lifetime = LIFETIME_MS,
}: RefreshTokensOptions): RefreshTokens {
  if (!Number.isSafeInteger(lifetime) || lifetime < 1) {
    throw new TenantryError({
      code: "argument-invalid",
      message: "The lifetime of refreshTokens() is not a whole number of milliseconds.",
      hint: "Pass lifetime: 30 * 86_400_000 for 30 days, or leave it out.",
    });
  }
  const column = (of: AnyPgColumn) => sql.identifier(of.name);

  /**
   * A family is locked while one of its tokens is used up or it ends: else a token that is being made would not be seen by
   * whoever ends the family, and would survive it. In the same way a creator, for whoever ends all families.
   */
  const lock = async (tx: TokenSession, creatorId: string, familyId?: string) => {
    const name = (of: string) => sql`hashtextextended(${`tenantry refresh ${spellTenant(of)}`}, 0)`;
    if (familyId === undefined) await tx.execute(sql`select pg_advisory_xact_lock(${name(creatorId)})`);
    else {
      await tx.execute(sql`select pg_advisory_xact_lock_shared(${name(creatorId)})`);
      await tx.execute(sql`select pg_advisory_xact_lock(${name(familyId)})`);
    }
  };

  const make = async (
    tx: TokenSession,
    creatorId: string,
    familyId: string,
    { userAgent, ip }: TokenOrigin,
  ): Promise<IssuedToken & { readonly id: string }> => {
    const token = randomBytes(32).toString("base64url");
    const row = valuesOf([
      [table.tokenHash, sql`${hashOf(token)}`],
      [table.familyId, sql`${familyId}`],
      [table.expiresAt, sql`clock_timestamp() + ${lifetime} * interval '1 millisecond'`],
      [table.userAgent, userAgent === undefined ? undefined : sql`${storable(userAgent)}`],
      [table.ip, ip === undefined ? undefined : sql`${ip}`],
    ]);
    const expires = sql`cast(extract(epoch from ${column(table.expiresAt)}) * 1000 as double precision) as expires`;
    const made = await tx.execute(
      sql`insert into ${table} ${row} returning ${column(table.id)} as id, ${expires}`,
    );
    const [first] = madeRows.parse(rowsOf(made));
    return { creatorId, token, familyId, id: first.id, expiresAt: new Date(first.expires) };
  };

  const end = async (tx: TokenSession, which: SQL, reason: string): Promise<number> => {
    const ended = await tx.execute(
      sql`update ${table} set ${column(table.revokedAt)} = clock_timestamp(), ${column(table.revokedReason)} = ${reason}
        where ${which} and ${column(table.revokedAt)} is null returning ${column(table.id)} as id`,
    );
    return usedRows.parse(rowsOf(ended)).length;
  };
  const ofFamily = (familyId: string) => sql`${column(table.familyId)} = ${familyId}`;

  return {
    issue: async (creatorId, origin = {}) => {
      const familyId = randomUUID();
      const { id: _, ...issued } = await db.as(creatorId).transaction(async (tx) => {
        await lock(tx, creatorId, familyId);
        return await make(tx, creatorId, familyId, origin);
      });
      return issued;
    },

    rotate: async (token, origin = {}) => {
      const refused = (reason: RefusedToken["reason"], creatorId?: string): RefusedToken => ({
        ...{ outcome: "refused", reason, creatorId },
      });
      const found = await findToken(token, find);
      if (found === undefined) return refused("unknown");
      const { creatorId, familyId } = found;
      const isIt = sql`${column(table.tokenHash)} = ${hashOf(token)}`;
      return await db.as(creatorId).transaction(async (tx) => {
        await lock(tx, creatorId, familyId);
        const isGood = sql`${isIt} and ${column(table.expiresAt)} > clock_timestamp()`;
        if ((await end(tx, isGood, "rotated")) === 1) {
          const { id, ...issued } = await make(tx, creatorId, familyId, origin);
          await tx.execute(sql`update ${table} set ${column(table.replacedBy)} = ${id} where ${isIt}`);
          return { outcome: "rotated", ...issued };
        }
        const state = await tx.execute(
          sql`select ${column(table.revokedReason)} as reason from ${table} where ${isIt}`,
        );
        const [now] = stateRows.parse(rowsOf(state));
        if (now === undefined) return refused("unknown");
        if (now.reason === null) return refused("expired", creatorId);
        if (now.reason !== "rotated") return refused("revoked", creatorId);
        // Not used up when this request asked, and used up now: two requests at once, of which one has the next token.
        if (found.revokedAt === null) return refused("raced", creatorId);
        await end(tx, ofFamily(familyId), "reused");
        return refused("reused", creatorId);
      });
    },

    revoke: async (token, reason = "signed_out") => {
      const found = await findToken(token, find);
      if (found === undefined) return false;
      await db.as(found.creatorId).transaction(async (tx) => {
        await lock(tx, found.creatorId, found.familyId);
        await end(tx, ofFamily(found.familyId), reason);
      });
      return true;
    },

    revokeAll: async (creatorId, reason = "signed_out") =>
      await db.as(creatorId).transaction(async (tx) => {
        await lock(tx, creatorId);
        return await end(tx, sql`true`, reason);
      }),
  };
}

/** What a client sends may be anything. */
async function findToken(token: unknown, find: RefreshTokensOptions["find"]) {
  return typeof token === "string" && TOKEN.test(token) ? await find(hashOf(token)) : undefined;
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** A header as it can be stored: without what PostgreSQL cannot hold, and not too long. */
function storable(userAgent: string): string {
  return userAgent.slice(0, LONGEST_USER_AGENT).replaceAll(UNSTORABLE, "");
}

function rowsOf(result: unknown): unknown[] {
  return [...(result as Iterable<unknown>)];
}
