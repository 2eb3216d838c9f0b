import type { Step } from "../statements/group-steps.js";
import { groupSteps } from "../statements/group-steps.js";
import type { MigrationStatement } from "../statements/migration-statement.js";
import { ledgerName, readCheckpoints } from "./checkpoints.js";
import { planResume } from "./plan-resume.js";
import { isRenewed } from "./renewed-settings.js";
import { runAlone } from "./run-alone.js";
import type { RunContext } from "./run-context.js";
import type { StepAssignment } from "./run-group.js";
import { finishSteps, runGroup } from "./run-group.js";
import type { MigrationRecord, StatementRecord } from "./run-log.js";
import type { Assignment } from "./run-transaction.js";
import { COMMIT } from "./run-transaction.js";
import { PieceFailure, stateOf } from "./send-pieces.js";
import { advice, statementError } from "./statement-error.js";
import { stoppable } from "./stoppable.js";
import { resetSql } from "./transaction-sql.js";
import { withRetries } from "./with-retries.js";

/**
 * What the server says when a statement cannot be in a transaction after all: it runs in one alone (25001), a procedure ends
 * it (2D000), or a new enum value is used before COMMIT (55P04).
 */
export const NOT_INSIDE: ReadonlySet<string> = new Set(["25001", "2D000", "55P04"]);

/**
 * Applies a migration that one transaction cannot hold: step by step, a checkpoint after each, which is part of the step's
 * transaction where it has one. A run that was killed is resumed behind the last step.
 *
 * @param accepted true if an edit since the last step is meant.
 * @throws TenantryError `migration-failed` saying what stays, `migrations-folder` if the file was edited meanwhile.
 */
export async function runSteps(
  context: RunContext,
  assignment: Assignment,
  statements: readonly MigrationStatement[],
  options: { readonly accepted: boolean; readonly onRetry: () => void },
): Promise<{ readonly record: MigrationRecord; readonly attempts: number }> {
  const { worker, logger } = context;
  const { migration } = assignment;
  const place = { ledger: ledgerName(context.ledger), migration: migration.name };
  const checkpoints = await worker.guard(() => readCheckpoints(worker.session, place));
  const { from, prior } = planResume(migration, statements, checkpoints, options.accepted);
  if (checkpoints.length > 0)
    logger.info(`${migration.name}: going on behind statement ${from - 1} of ${statements.length}`, {
      event: "migration-resumed",
      migration: migration.name,
      statement: from,
    });
  const session = statements.slice(0, from - 1).filter((one) => one.setsSession && !isRenewed(one));
  await stoppable(context, async () => {
    for (const sql of [resetSql(context.sessionSettings), ...session.map(({ text }) => text)])
      await worker.session.unsafe(sql);
  });
  const durations: StatementRecord[] = [];
  const alone = new Set<number>();
  const common = { ...assignment, place, statements, durations };
  let attempts = 1;
  let next = from;
  for (let step = first(next); step !== undefined; step = first(next)) {
    const current: StepAssignment = { ...common, step, isLast: isLast(step) };
    try {
      const work = () =>
        step.kind === "group" ? runGroup(context, current) : runAlone(context, current, prior);
      const retried = await withRetries(context, migration.name, work, options.onRetry);
      attempts += retried.attempts - 1;
      next = step.number + step.statements.length;
      if (current.isLast && step.kind === "group") return { record: recordOf(), attempts };
    } catch (thrown) {
      if (refusesTransaction(step, thrown)) continue;
      throw explain(thrown, step);
    }
  }
  await finishSteps(context, { ...common, record: assignment.record });
  return { record: recordOf(), attempts };

  function first(number: number): Step | undefined {
    return groupSteps(statements, { from: number, each: migration.directives.noTransaction, alone })[0];
  }

  function isLast(step: Step): boolean {
    return first(step.number + step.statements.length) === undefined;
  }

  function recordOf(): MigrationRecord {
    return assignment.record("applied", "steps", durations);
  }

  /** The next round of the loop finds it in a step of its own. */
  function refusesTransaction(step: Step, thrown: unknown): boolean {
    const state = stateOf(thrown);
    if (step.kind !== "group" || !(thrown instanceof PieceFailure) || state === undefined) return false;
    const number = statementNumber(step, thrown);
    if (!NOT_INSIDE.has(state) || number === undefined || state === "55P04") return false;
    alone.add(number);
    return true;
  }

  function explain(thrown: unknown, step: Step): unknown {
    if (!(thrown instanceof PieceFailure) || (thrown.piece.line === undefined && thrown.piece !== COMMIT))
      return thrown;
    const done = step.number - 1;
    const stays =
      done === 0
        ? "Nothing of it was applied."
        : `Its first ${done} of ${statements.length} statements are applied and stay.`;
    return statementError(migration, thrown.piece, thrown.thrown, {
      hint: `${stays} ${advice(stateOf(thrown), migration.file)}${done === 0 ? "" : ` It goes on with statement ${step.number}.`}`,
    });
  }
}

function statementNumber(step: Step, { piece }: PieceFailure): number | undefined {
  if (piece.isAgain === true) return undefined;
  const index = step.statements.findIndex(({ text, line }) => text === piece.text && line === piece.line);
  return index === -1 ? undefined : step.number + index;
}
