import type { Migration } from "../folder/migration.js";
import { recordMigrationSql } from "../ledger/ledger.js";
import { auditTransaction, explainUnprotected, UnprotectedError } from "./audit-transaction.js";
import { hasWritten } from "./catalog-writes.js";
import { requireNoViolations } from "./check-verify-sql.js";
import { countKeptRows, requireKeptRows } from "./keeps-rows.js";
import { settlingPieces } from "./row-security.js";
import type { RunContext } from "./run-context.js";
import { type MigrationRecord, recordRunMigration, type StatementRecord } from "./run-log.js";
import type { Piece, Sent } from "./send-pieces.js";
import { sendPieces } from "./send-pieces.js";
import { stoppable } from "./stoppable.js";
import { timeoutsOf } from "./timeouts.js";
import { AFTER_STATEMENTS, beginSql, resetSql } from "./transaction-sql.js";

/** One migration of a run. */
export type Assignment = {
  readonly migration: Migration;
  /** From 1. */
  readonly position: number;
  /** The SQL of the migrations that this run applies after it. */
  readonly later: readonly string[];
  /** Completes the record that goes into the run log. */
  readonly record: (
    outcome: MigrationRecord["outcome"],
    mode: MigrationRecord["mode"],
    statements: readonly StatementRecord[],
  ) => MigrationRecord;
};

/**
 * Applies a migration in one transaction, its ledger row inside, and audits it before COMMIT if it has changed the catalog.
 * Sent without waiting for each statement: what follows a failed one is skipped by the server, and nothing is committed
 * before all have been answered.
 *
 * Only the run's last COMMIT waits for the disk. PostgreSQL writes its log in order: after a crash a run's first migrations
 * are there and its last are not, each with its ledger row or without, and never one behind a gap. A standby, synchronous
 * or not, replays the same log in the same order.
 *
 * @throws PieceFailure if a statement failed, TenantryError `isolation` if the audit did.
 */
export async function runTransaction(context: RunContext, assignment: Assignment): Promise<MigrationRecord> {
  const { worker, adminRole, rowSecurity } = context;
  const { migration, later } = assignment;
  const timeouts = timeoutsOf(migration.directives, context.timeouts);
  const begin = beginSql({ adminRole, rowSecurity, timeouts, isDurable: later.length === 0 });
  return await stoppable(context, async () => {
    try {
      const sent = needsLook(context, assignment)
        ? await sendLooking(context, assignment, begin)
        : await sendWhole(context, assignment, begin);
      context.unwritten.length = 0;
      const record = assignment.record("applied", "transaction", durationsOf(sent));
      context.unwritten.push(recordRunMigration(context.runId, record));
      return record;
    } catch (thrown) {
      await rollBack(context);
      if (thrown instanceof UnprotectedError && context.audit !== undefined) {
        const { judge } = context.audit;
        throw await explainUnprotected(worker.session, migration, thrown, judge, begin);
      }
      throw thrown;
    }
  });
}

/** A statement that fails between a savepoint and a ROLLBACK TO does not end its transaction. */
const MAY_RECOVER = /\brollback\b/i;

/** True if something has to be looked at between the last statement and COMMIT. */
function needsLook({ audit }: RunContext, { migration, later }: Assignment): boolean {
  const isAudited = audit !== undefined && (later.length === 0 || !audit.isFresh);
  const { keepsRows } = migration.directives;
  return (
    isAudited || keepsRows.length > 0 || migration.verifySql !== undefined || MAY_RECOVER.test(migration.sql)
  );
}

/** In one round trip: if a statement has failed, the COMMIT behind it is a ROLLBACK. */
async function sendWhole(context: RunContext, assignment: Assignment, begin: string): Promise<Sent[]> {
  const { migration } = assignment;
  const sent = await sendPieces(context.worker.session, [
    ...openingOf(context, begin),
    ...(await settlingPieces(migration, context.rowSecurity)),
    closingOf(context, migration),
    COMMIT,
  ]);
  requireCommit(sent);
  return sent;
}

async function sendLooking(context: RunContext, assignment: Assignment, begin: string): Promise<Sent[]> {
  const { session } = context.worker;
  const { migration } = assignment;
  const writes: Piece[] = context.audit === undefined ? [] : [{ text: context.catalogWrites }];
  const opening = [...openingOf(context, begin), ...writes];
  const counting = migration.directives.keepsRows.length > 0;
  const opened = counting ? await sendPieces(session, opening) : [];
  const counts = await countKeptRows(session, migration);
  const sent = await sendPieces(session, [
    ...(counting ? [] : opening),
    ...(await settlingPieces(migration, context.rowSecurity)),
    { text: AFTER_STATEMENTS },
    // What is looked at from here on is looked at by the migrator.
    { text: context.rowSecurity },
    ...writes,
  ]);
  await requireKeptRows(session, migration, counts);
  await requireNoViolations(session, migration);
  if (isAuditDue(context, assignment, [...opened, ...sent])) await audit(context, assignment);
  await commit(context, [closingOf(context, migration)]);
  return sent;
}

function openingOf({ sessionSettings, unwritten }: RunContext, begin: string): Piece[] {
  return [{ text: resetSql(sessionSettings) }, { text: [begin, ...unwritten].join("; ") }];
}

function closingOf({ ledger, shape }: RunContext, migration: Migration): Piece {
  return { text: `${AFTER_STATEMENTS}; ${recordMigrationSql(ledger, migration, shape)}` };
}

/** Its failure is the migration's: a deferred constraint, say. */
export const COMMIT: Piece = { text: "commit" };

/** The last COMMIT of a transaction, and what goes into it without waiting for an answer. */
export async function commit({ worker }: RunContext, pieces: readonly Piece[]): Promise<void> {
  requireCommit(await sendPieces(worker.session, [...pieces, COMMIT]));
}

function requireCommit(sent: readonly Sent[]): void {
  if (sent.at(-1)?.command !== "COMMIT") throw new Error("PostgreSQL rolled back instead of COMMIT");
}

/** Gives back a connection without a transaction, or none: one that is lost has rolled back by itself. */
export async function rollBack({ worker }: Pick<RunContext, "worker">): Promise<void> {
  if (worker.isLost()) return;
  await worker.guard(() => worker.session.unsafe("rollback")).catch(() => {});
}

/** How long each of the migration's own pieces took. */
export function durationsOf(sent: readonly Sent[]): StatementRecord[] {
  return sent.flatMap(({ piece: { line, isAgain }, milliseconds }) =>
    line === undefined || isAgain === true ? [] : [{ line, milliseconds }],
  );
}

/** Always at the end of a run; before, when the transaction has changed the catalog of a database that may hold rows. */
function isAuditDue({ audit }: RunContext, { later }: Assignment, sent: readonly Sent[]): boolean {
  if (audit === undefined) return false;
  if (later.length === 0) return true;
  if (audit.isFresh) return false;
  const [before, after] = sent.flatMap(({ rows: [row] }) =>
    row !== undefined && "writes" in row ? [row.writes] : [],
  );
  return hasWritten(before, after);
}

async function audit(context: RunContext, { later }: Assignment): Promise<void> {
  if (context.audit === undefined) return;
  const { judge, start, latest } = context.audit;
  latest.judgement = await auditTransaction(context.worker.session, judge, {
    start,
    before: latest.judgement,
    later,
  });
}
