import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { setContextSql } from "../client/tenant/tenant-context.js";
import { codeOf, TenantryError } from "../core/errors.js";
import { quoteIdentifier } from "../core/identifiers.js";
import type { Logger } from "../core/logger.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import type { Database, Session } from "../postgres/connect.js";
import type { PurgeTarget } from "./purge-target.js";

/** What is to be purged, and how. */
export type PurgeRequest = {
  readonly database: Database;
  readonly settings: TenancySettings;
  readonly targets: readonly PurgeTarget[];
  /** Written before anything is deleted. */
  readonly record: SQL;
  /** Who does it; the audit rows of the deleted rows say so. */
  readonly actor: string;
  /** Rows of one transaction. */
  readonly batch: number;
  /** Rows of one table at most. */
  readonly limit: number;
  readonly dryRun: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal;
};

/** What has become of one table. */
export type PurgedTable = {
  readonly table: string;
  /** Rows that were deleted; in a dry run, rows that would be. */
  readonly rows: number;
  /** True if there may be more. */
  readonly hasMore: boolean;
};

const LOCK_TIMEOUT_MS = 5000;

/**
 * Deletes expired rows of all tenants, as the admin role: in short transactions, so that nobody waits for long and an
 * interruption loses nothing. Each begins by becoming the admin role, which may do this and not much else.
 *
 * @throws TenantryError `role-insufficient` for a login that may not become the admin role; `lock-timeout`.
 */
export async function purge(request: PurgeRequest): Promise<PurgedTable[]> {
  const { targets, dryRun, record, signal } = request;
  if (targets.length === 0) return [];
  if (!dryRun) {
    const { sql, params } = new PgDialect().sqlToQuery(record);
    await asAdmin(request, (session) => session.unsafe(sql, params as never[]));
  }
  const purged: PurgedTable[] = [];
  for (const target of targets) {
    if (signal.aborted) break;
    purged.push(dryRun ? await countExpired(request, target) : await purgeTable(request, target));
  }
  return purged;
}

async function countExpired(request: PurgeRequest, target: PurgeTarget): Promise<PurgedTable> {
  const [row] = await asAdmin(request, (session) =>
    session.unsafe<{ rows: number }[]>(target.count, [request.limit + 1]),
  );
  const found = row?.rows ?? 0;
  return { table: target.name, rows: Math.min(found, request.limit), hasMore: found > request.limit };
}

async function purgeTable(request: PurgeRequest, target: PurgeTarget): Promise<PurgedTable> {
  const { batch, limit, logger, signal } = request;
  let rows = 0;
  let isLast = false;
  while (!isLast && rows < limit && !signal.aborted) {
    const size = Math.min(batch, limit - rows);
    const { count } = await asAdmin(request, (session) => session.unsafe(target.remove, [size]));
    rows += count;
    isLast = count < size;
    if (count > 0) logger.info(`${target.name}: ${rows} rows deleted`);
  }
  return { table: target.name, rows, hasMore: !isLast };
}

async function asAdmin<T>(
  { database, settings, actor }: PurgeRequest,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const { admin } = settings.roles;
  try {
    const { result } = await database.begin(async (session) => {
      await session.unsafe(`set local role ${quoteIdentifier(admin)}`);
      // No tenant; a row is written into the log of the tenant whose row is deleted.
      await session.unsafe(setContextSql(settings, { tenant: "", actor })).simple();
      await session.unsafe(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      // What a promise is resolved with, postgres.js would wait for; an object it leaves alone.
      return { result: await use(session) };
    });
    return result as T;
  } catch (thrown) {
    throw explain(thrown, admin);
  }
}

function explain(thrown: unknown, admin: string): unknown {
  const code = codeOf(thrown);
  if (code === "42501" || code === "22023") {
    return new TenantryError({
      code: "role-insufficient",
      message: `The login may not act as ${admin}, which alone sees the rows of all tenants.`,
      hint: `Run it as a member: grant ${quoteIdentifier(admin)} to the login.`,
      cause: thrown,
    });
  }
  if (code === "55P03") {
    return new TenantryError({
      code: "lock-timeout",
      message: "A table that is being purged is locked by somebody else.",
      hint: "Run tenantry purge again later; what was deleted stays deleted.",
      cause: thrown,
    });
  }
  return thrown;
}
