import { recordMigrationSql } from "../ledger/ledger.js";
import type { Step } from "../statements/group-steps.js";
import type { MigrationStatement } from "../statements/migration-statement.js";
import { auditTransaction, UnprotectedError } from "./audit-transaction.js";
import { requireNoViolations } from "./check-verify-sql.js";
import type { CheckpointPlace } from "./checkpoints.js";
import { endStep, forgetCheckpoints, recordStep } from "./checkpoints.js";
import { countKeptRows, requireKeptRows } from "./keeps-rows.js";
import { renewedSettings } from "./renewed-settings.js";
import { settlesRowSecurity, settlingAgain } from "./row-security.js";
import type { RunContext } from "./run-context.js";
import type { StatementRecord } from "./run-log.js";
import { recordRunMigration } from "./run-log.js";
import type { Assignment } from "./run-transaction.js";
import { commit, durationsOf, rollBack } from "./run-transaction.js";
import { sendPieces } from "./send-pieces.js";
import { stoppable } from "./stoppable.js";
import { timeoutsOf } from "./timeouts.js";
import { AFTER_STATEMENTS, beginSql } from "./transaction-sql.js";
import { unprotectedSteps } from "./unprotected-steps.js";

/** A migration that is applied step by step, as far as it has come. */
export type StepsAssignment = Assignment & {
  readonly place: CheckpointPlace;
  readonly statements: readonly MigrationStatement[];
  /** Filled as statements are done. */
  readonly durations: StatementRecord[];
};

/** One of its steps. */
export type StepAssignment = StepsAssignment & { readonly step: Step; readonly isLast: boolean };

/**
 * Applies a step that is a transaction: its checkpoint is part of it, or, if it is the migration's last, the ledger row.
 *
 * @throws PieceFailure if a statement failed, TenantryError `isolation` if the audit did; the step is rolled back.
 */
export async function runGroup(context: RunContext, assignment: StepAssignment): Promise<void> {
  const { worker, adminRole, rowSecurity } = context;
  const { session } = worker;
  const { migration, step, place, isLast, durations } = assignment;
  const timeouts = timeoutsOf(migration.directives, context.timeouts);
  // Always durable: a later step cannot be undone, and must not be found without the earlier.
  const begin = beginSql({ adminRole, rowSecurity, timeouts, modes: step.modes, isDurable: true });
  const before = durations.length;
  const again = renewedSettings(assignment.statements.slice(0, step.number - 1)).map(({ text, line }) => ({
    ...{ text, line },
    isAgain: true,
  }));
  const statements = [...again, ...step.statements.map(({ text, line }) => ({ text, line }))];
  await stoppable(context, async () => {
    try {
      await sendPieces(session, [{ text: begin }]);
      const counts = await countKeptRows(session, migration, { lenient: true });
      const sent = await sendPieces(session, [
        ...(settlesRowSecurity(migration) ? statements : settlingAgain(statements, rowSecurity)),
        { text: AFTER_STATEMENTS },
        // What is looked at from here on is looked at by the migrator.
        { text: rowSecurity },
      ]);
      await requireKeptRows(session, migration, counts);
      durations.push(...durationsOf(sent));
      await audit(context, assignment, step.number + step.statements.length - 1);
      if (isLast) return await recordDone(context, assignment);
      await commit(context, [{ text: recordStep(place, migration, step, context.runId, "finished") }]);
    } catch (thrown) {
      durations.length = before;
      await rollBack(context);
      await markFailed(context, assignment);
      throw thrown instanceof UnprotectedError
        ? unprotectedSteps(migration, thrown, step.number - 1)
        : thrown;
    }
  });
}

/** Behind a last step that had no transaction: the audit, and the ledger row. */
export async function finishSteps(context: RunContext, assignment: StepsAssignment): Promise<void> {
  const { worker, adminRole, rowSecurity, timeouts } = context;
  await stoppable(context, async () => {
    try {
      await sendPieces(worker.session, [
        {
          text: `reset session authorization; reset role; ${beginSql({ adminRole, rowSecurity, timeouts, isDurable: true })}`,
        },
      ]);
      await audit(context, assignment, assignment.statements.length);
      await recordDone(context, assignment);
    } catch (thrown) {
      await rollBack(context);
      const { migration, statements } = assignment;
      throw thrown instanceof UnprotectedError
        ? unprotectedSteps(migration, thrown, statements.length)
        : thrown;
    }
  });
}

async function recordDone(context: RunContext, assignment: StepsAssignment): Promise<void> {
  const { session } = context.worker;
  const { migration, place, durations } = assignment;
  await requireNoViolations(session, migration);
  await commit(context, [
    { text: recordMigrationSql(context.ledger, migration, context.shape) },
    { text: forgetCheckpoints(place) },
    { text: recordRunMigration(context.runId, assignment.record("applied", "steps", durations)) },
  ]);
}

/** @param done the number of the last statement that has run. */
async function audit(context: RunContext, assignment: StepsAssignment, done: number): Promise<void> {
  if (context.audit === undefined) return;
  const rest = assignment.statements.slice(done).map(({ text }) => text);
  const later = [...rest, ...assignment.later];
  if (later.length > 0 && context.audit.isFresh) return;
  const { judge, start, latest } = context.audit;
  latest.judgement = await auditTransaction(context.worker.session, judge, {
    start,
    before: latest.judgement,
    later,
  });
}

/** So that the file may be corrected: the server has answered, and nothing of the step is left. */
async function markFailed(context: RunContext, { place, migration, step }: StepAssignment): Promise<void> {
  const { worker, runId } = context;
  if (worker.isLost()) return;
  await worker
    .guard(async () => {
      await worker.session.unsafe(recordStep(place, migration, step, runId, { before: null }));
      await endStep(worker.session, place, step.number, "failed");
    })
    .catch(() => {});
}
