import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { setContextSql } from "../../client/tenant/tenant-context.js";
import { TenantryError } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Logger } from "../../core/logger.js";
import type { Expected } from "../../isolation/expected.js";
import { throwIfStopped } from "../../migrate/run/interrupted.js";
import type { Database, Session } from "../../postgres/connect.js";
import { liftTimeouts } from "../../postgres/lift-timeouts.js";
import type { RowCount } from "../tenant/count-tenant-rows.js";
import { countTenantRows } from "../tenant/count-tenant-rows.js";
import { requireFullSight } from "../tenant/require-full-sight.js";
import type { TenantGraph } from "../tenant/tenant-graph.js";
import { readTenantGraph } from "../tenant/tenant-graph.js";
import { untilStopped } from "../until-stopped.js";
import { deleteSql } from "./delete-sql.js";
import type { AuditErasureSql } from "./erase-audit-rows.js";
import { planAuditErasure } from "./erase-audit-rows.js";
import { explainErasure, isTransient } from "./explain-erasure.js";
import { findOutsideReferences } from "./find-outside-references.js";
import { judgeTouchedRows } from "./judge-touched-rows.js";
import { readTouchedRows, subtractTouched } from "./touched-rows.js";

/** Whose rows go, and how. */
export type EraseRequest = {
  readonly database: Database;
  readonly expected: Expected;
  /** Parsed by `parseTenantId`. */
  readonly tenant: string;
  /** What is written down, with the counts; undefined where no table is declared with `tenantAuditLog`. */
  readonly record: ((details: Readonly<Record<string, unknown>>) => SQL) | undefined;
  /** Who does it. */
  readonly actor: string;
  readonly dryRun: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal;
};

/** What has become of a tenant's rows in the audit log. */
export type AuditReceipt = {
  readonly table: string;
  readonly treatment: "keep" | "pseudonymise" | "delete";
  /** Of this tenant, those included that the deletion itself has written. */
  readonly rows: number;
  /** Columns that could not be emptied. */
  readonly kept: readonly string[];
};

/** What an erasure did, or would do. */
export type EraseReceipt = {
  /** Rows deleted from each table; in a dry run, rows that would be. */
  readonly tables: readonly RowCount[];
  readonly auditLog: AuditReceipt | undefined;
  /** Rows that somebody wrote for the tenant while it was erased; found after COMMIT. */
  readonly remaining: readonly RowCount[];
  /** Materialized views that may hold copies until they are refreshed. */
  readonly copies: readonly string[];
  /** What deletes; `$1` is the id. */
  readonly statements: readonly string[];
};

const LOCK_TIMEOUT_MS = 10_000;
const MOST_TRIES = 3;

/**
 * Deletes all rows of one tenant in one transaction, and proves before COMMIT that none is left and that no row of anybody
 * else was touched, by cascades and triggers included.
 *
 * @returns undefined if no table has a row of the tenant; nothing was changed then.
 * @throws TenantryError `tenant-incomplete` for a table that would be missed; `isolation` if other rows hang on these or were
 * touched; `role-insufficient`, `lock-timeout`, `foreign-key-violation`, `interrupted`. Nothing was changed.
 */
export async function erase(request: EraseRequest): Promise<EraseReceipt | undefined> {
  const { database, dryRun, logger, signal } = request;
  const mode = `isolation level repeatable read${dryRun ? " read only" : ""}`;
  for (let attempt = 1; ; attempt += 1) {
    throwIfStopped(signal);
    try {
      const { receipt, graph } = await database.begin(mode, (session) => eraseInside(session, request));
      if (receipt === undefined || dryRun) return receipt;
      return { ...receipt, remaining: await findRemaining(database, graph, request.tenant) };
    } catch (thrown) {
      if (attempt === MOST_TRIES || !isTransient(thrown)) throw explainErasure(thrown, request);
      logger.info("somebody was writing rows of this creator; trying again");
    }
  }
}

type Erased = { readonly receipt: EraseReceipt | undefined; readonly graph: TenantGraph };

async function eraseInside(session: Session, request: EraseRequest): Promise<Erased> {
  const { expected, tenant, dryRun, signal } = request;
  await liftTimeouts(session, "transaction");
  await session.unsafe(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  const graph = await readTenantGraph(session, expected);
  await requireFullSight(session, graph.tables);
  requireLogOutlives(graph);
  const log = graph.tables.find(({ auditErasure }) => auditErasure !== undefined);
  const own = graph.tables.filter((table) => table !== log);
  const before = await countTenantRows(session, own, tenant, signal);
  const logBefore = log === undefined ? 0 : ((await countTenantRows(session, [log], tenant))[0]?.rows ?? 0);
  const statements = deleteSql(graph.groups);
  const audit = log === undefined ? undefined : await planLog(session, expected, graph);
  const total = before.reduce((sum, { rows }) => sum + rows, 0);
  if (total === 0) return { receipt: undefined, graph };
  const outside = await findOutsideReferences(session, graph, tenant);
  if (outside.length > 0) throw hangingOn(outside);
  const receipt = (auditRows: number): EraseReceipt => ({
    tables: before,
    auditLog:
      log?.auditErasure === undefined
        ? undefined
        : {
            ...{ table: log.subject, treatment: log.auditErasure, rows: auditRows },
            kept: audit?.kept ?? [],
          },
    remaining: [],
    copies: graph.copies,
    statements: audit === undefined ? statements : [...statements, audit.statement],
  });
  if (dryRun) return { receipt: receipt(logBefore), graph };

  const touchedBefore = await readTouchedRows(session);
  await becomeAdmin(session, request);
  await requireFullSight(session, own);
  for (const statement of statements) await untilStopped(session.unsafe(statement, [tenant]), signal);
  await session.unsafe("reset role");
  const audited = audit === undefined ? undefined : await changeLog(session, request, audit);
  // What is deferred fails here, where it can still be explained, and not at COMMIT.
  await untilStopped(session.unsafe("set constraints all immediate"), signal);
  await requireErased(session, request, graph, before);
  const touchedAfter = await readTouchedRows(session);
  if (touchedBefore !== undefined && touchedAfter !== undefined) {
    const touched = subtractTouched(touchedBefore, touchedAfter);
    const others = await judgeTouchedRows(session, touched, {
      tenant,
      tables: graph.tables,
      expected: before,
    });
    if (others.length > 0) throw touchedOthers(others);
  } else throw notCounted();
  const [logAfter] = log === undefined ? [] : await countTenantRows(session, [log], tenant);
  const done = receipt(audited ?? logAfter?.rows ?? 0);
  await writeRecord(session, request, done);
  return { receipt: done, graph };
}

async function planLog(
  session: Session,
  expected: Expected,
  graph: TenantGraph,
): Promise<AuditErasureSql | undefined> {
  const log = graph.tables.find(({ auditErasure }) => auditErasure !== undefined);
  const declared = expected.tables.find(({ schema, name }) => schema === log?.schema && name === log.name);
  const columns = declared?.declaration?.auditLog;
  if (log === undefined || columns === undefined) return undefined;
  const known = [...new Set(expected.tables.flatMap((table) => table.columns))];
  return await planAuditErasure(session, log, columns, known);
}

async function becomeAdmin(session: Session, { expected, actor }: EraseRequest): Promise<void> {
  const { roles } = expected.settings;
  await session.unsafe(`set local role ${quoteIdentifier(roles.admin)}`);
  await session.unsafe(setContextSql(expected.settings, { tenant: "", actor })).simple();
}

/** As the migrator: the admin role may add to the log, and not change what is there. */
async function changeLog(
  session: Session,
  { tenant, signal }: EraseRequest,
  { statement, parameters }: AuditErasureSql,
): Promise<number> {
  const { count } = await untilStopped(session.unsafe(statement, [tenant, ...parameters]), signal);
  return count;
}

async function requireErased(
  session: Session,
  { tenant }: EraseRequest,
  graph: TenantGraph,
  before: readonly RowCount[],
): Promise<void> {
  const gone = graph.tables.filter(
    ({ auditErasure }) => auditErasure === undefined || auditErasure === "delete",
  );
  const left = (await countTenantRows(session, gone, tenant)).filter(({ rows }) => rows > 0);
  if (left.length === 0) return;
  const had = (table: string) => before.find((count) => count.table === table)?.rows ?? 0;
  throw new TenantryError({
    code: "isolation",
    message: "Rows of the creator would be left; the erasure was rolled back.",
    details: left.map(({ table, rows }) => `${table}: ${rows} left, of ${had(table)}`),
    hint: "Nothing was changed. Look for triggers on these tables that keep rows, or write new ones.",
  });
}

async function writeRecord(session: Session, request: EraseRequest, receipt: EraseReceipt): Promise<void> {
  if (request.record === undefined) return;
  await becomeAdmin(session, request);
  const { tables, auditLog } = receipt;
  const erased = Object.fromEntries(tables.map(({ table, rows }) => [table, rows]));
  const log =
    auditLog === undefined ? {} : { auditLog: { treatment: auditLog.treatment, rows: auditLog.rows } };
  const { sql, params } = new PgDialect().sqlToQuery(request.record({ erased, ...log }));
  await session.unsafe(sql, params as never[]);
  await session.unsafe("reset role");
}

/** Rows that were written without a reference to what was deleted, while it was. */
async function findRemaining(database: Database, graph: TenantGraph, tenant: string): Promise<RowCount[]> {
  const gone = graph.tables.filter(({ auditErasure }) => auditErasure === undefined);
  return (await countTenantRows(database, gone, tenant)).filter(({ rows }) => rows > 0);
}

/** A log whose rows hang on the tenant's would go with them, or hold them. */
function requireLogOutlives({ tables, references }: TenantGraph): void {
  const log = tables.find(({ auditErasure }) => auditErasure !== undefined);
  const key = log === undefined ? undefined : JSON.stringify([log.schema, log.name]);
  const reference = references.find(({ table, foreignTable }) => table === key && foreignTable !== key);
  if (reference === undefined) return;
  throw new TenantryError({
    code: "schema-invalid",
    message: `The audit log ${log?.subject} has the foreign key ${reference.constraint}: its rows could not outlive what they tell of.`,
    hint: "Nothing was changed. Drop the foreign key in a migration; a record outlives what it records.",
  });
}

function hangingOn(details: readonly string[]): TenantryError {
  return new TenantryError({
    code: "isolation",
    message: "Rows of other creators refer to rows of this one.",
    details,
    hint: "Nothing was changed. Let the foreign keys begin with the tenant: tenantForeignKey(t, …). Mend or delete these rows first.",
  });
}

function touchedOthers(details: readonly string[]): TenantryError {
  return new TenantryError({
    code: "isolation",
    message: "The erasure would touch rows that are not this creator's; it was rolled back.",
    details,
    hint: "Nothing was changed. Look at the triggers and the foreign keys of these tables: something reaches past the tenant.",
  });
}

function notCounted(): TenantryError {
  return new TenantryError({
    code: "server-failed",
    message:
      "The server does not count rows (track_counts is off), so it cannot be shown that nobody else's went.",
    hint: "Nothing was changed. Switch track_counts on, which is the default, and run it again.",
  });
}
