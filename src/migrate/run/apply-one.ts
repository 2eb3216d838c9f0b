import { listStatements } from "../statements/list-statements.js";
import { needsSteps } from "../statements/needs-steps.js";
import { engineError } from "./engine-error.js";
import type { RunContext } from "./run-context.js";
import type { MigrationRecord } from "./run-log.js";
import { recordRunMigration } from "./run-log.js";
import { NOT_INSIDE, runSteps } from "./run-steps.js";
import type { Assignment } from "./run-transaction.js";
import { COMMIT, runTransaction } from "./run-transaction.js";
import { PieceFailure, stateOf } from "./send-pieces.js";
import { statementError } from "./statement-error.js";
import { withRetries } from "./with-retries.js";

/** What one migration asks of a run beyond its own text. */
export type ApplyOne = Omit<Assignment, "record"> & {
  /** True if an earlier run has applied a part of it. */
  readonly isPartial: boolean;
  /** True if an edit since then is meant. */
  readonly accepted: boolean;
  readonly onRetry: () => void;
};

/**
 * Applies one migration: in one transaction if that can hold it, else step by step.
 *
 * @throws TenantryError `migration-failed`, `lock-timeout`, `isolation`, `interrupted`.
 */
export async function applyOne(context: RunContext, request: ApplyOne): Promise<MigrationRecord> {
  const { migration, position, later } = request;
  const started = performance.now();
  const waitedBefore = context.watch.waited();
  let attempts = 1;
  const onRetry = () => {
    attempts += 1;
    request.onRetry();
  };
  const record: Assignment["record"] = (outcome, mode, statements) => ({
    position,
    migration: migration.name,
    hash: migration.hash,
    mode,
    outcome,
    milliseconds: performance.now() - started,
    lockWait: context.watch.waited() - waitedBefore,
    attempts,
    statements,
  });
  const assignment: Assignment = { migration, position, later, record };
  const steps = { accepted: request.accepted, onRetry };
  try {
    const statements = request.isPartial ? await listStatements(migration) : await needsSteps(migration);
    if (statements === undefined) {
      const attempt = await inTransaction(context, assignment, onRetry);
      if (attempt !== undefined) return attempt;
    } else if (statements.some(({ role }) => role === "begin" || role === "commit")) {
      context.logger.warn(
        `${migration.name} has a BEGIN or COMMIT of its own: it is applied step by step, and not whole or not at all`,
        { event: "own-transaction", migration: migration.name },
      );
    }
    return (await runSteps(context, assignment, statements ?? (await listStatements(migration)), steps))
      .record;
  } catch (thrown) {
    const error = thrown instanceof PieceFailure ? explain(assignment, thrown) : engineError(thrown);
    await recordFailure(context, record(context.stop.aborted ? "interrupted" : "failed", "transaction", []));
    throw error;
  }
}

/** Undefined if the server says that a transaction cannot hold it; then nothing of it is left. */
async function inTransaction(
  context: RunContext,
  assignment: Assignment,
  onRetry: () => void,
): Promise<MigrationRecord | undefined> {
  const { migration } = assignment;
  try {
    const work = () => runTransaction(context, assignment);
    return (await withRetries(context, migration.name, work, onRetry)).result;
  } catch (thrown) {
    if (!(thrown instanceof PieceFailure) || !NOT_INSIDE.has(stateOf(thrown) ?? "")) throw thrown;
    context.logger.info(`${migration.name} cannot run in one transaction: it is applied step by step`, {
      event: "steps-needed",
      migration: migration.name,
    });
    return undefined;
  }
}

/** A statement of the migration's own has its line, and its COMMIT is its own too; what else has none is ours. */
function explain({ migration }: Assignment, { piece, thrown }: PieceFailure): unknown {
  if (piece.line === undefined && piece !== COMMIT) return engineError(thrown);
  return engineErrorOr(thrown, () => statementError(migration, piece, thrown));
}

/** The end of a connection, or of the disk, is not the statement's fault. */
function engineErrorOr(thrown: unknown, otherwise: () => unknown): unknown {
  const state = stateOf(thrown);
  return state !== undefined && /^(08|57P|53|58|CONNECTION_|E[A-Z]+$)/.test(state)
    ? engineError(thrown)
    : otherwise();
}

async function recordFailure({ worker, lock, runId }: RunContext, record: MigrationRecord): Promise<void> {
  const backend = worker.isLost() ? lock : worker;
  if (backend.isLost()) return;
  // The failure itself is what must be told, also where it cannot be written down.
  await backend.guard(() => backend.session.unsafe(recordRunMigration(runId, record))).catch(() => {});
}
