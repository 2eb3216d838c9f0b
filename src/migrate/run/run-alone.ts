import { TenantryError } from "../../core/errors.js";
import type { Checkpoint } from "./checkpoints.js";
import { endStep, recordStep, settleByHand } from "./checkpoints.js";
import { takeLock } from "./migration-lock.js";
import { readBefore, reconcileStep } from "./reconcile-step.js";
import { renewedSettings } from "./renewed-settings.js";
import { rowSecuritySql, settlesRowSecurity } from "./row-security.js";
import type { RunContext } from "./run-context.js";
import type { StepAssignment } from "./run-group.js";
import { type Piece, PieceFailure } from "./send-pieces.js";
import { stoppable } from "./stoppable.js";
import { setTimeouts, timeoutsOf } from "./timeouts.js";

/**
 * Runs a statement that cannot be in a transaction, between a checkpoint that says that it begins and one that says that it
 * has ended.
 *
 * @param prior what an earlier run has left of a step that it did not finish.
 * @throws PieceFailure if it failed; TenantryError `migration-failed` if a killed run has left something of which nobody can
 * know how far it has come.
 */
export async function runAlone(
  context: RunContext,
  assignment: StepAssignment,
  prior: Checkpoint | undefined,
): Promise<void> {
  const { worker, logger, runId } = context;
  const { session } = worker;
  const { migration, step, place, durations } = assignment;
  const [statement] = step.statements;
  if (statement === undefined) return;
  const { text, line, outside } = statement;
  await stoppable(context, async () => {
    // Between statements, as ours are: no limit that is meant for the migration's.
    await session.unsafe(setTimeouts("set", { ...context.timeouts, statement: 0 }));
    const own = prior?.step === step.number && prior.stepHash === step.hash ? prior : undefined;
    const { verdict, cleared } = await reconcileStep(session, statement, own);
    for (const each of cleared)
      logger.warn(`${migration.name}: ${each}`, { event: "leftover-cleared", migration: migration.name });
    if (verdict === "unknown") throw unknown(assignment);
    if (verdict === "done") {
      logger.info(`${migration.name}: statement ${step.number} had been done`, {
        event: "step-found-done",
        migration: migration.name,
        statement: step.number,
      });
      await session.unsafe(recordStep(place, migration, step, runId, "finished"));
      return;
    }
    const before = await readBefore(session, outside);
    await session.unsafe(recordStep(place, migration, step, runId, { before }));
    await session.unsafe(setTimeouts("set", limits(context, assignment)));
    // Outside a transaction there is none that could settle it.
    const isSettled = !settlesRowSecurity(migration);
    let started = performance.now();
    let current: Piece = { text, line };
    try {
      for (const setting of renewedSettings(assignment.statements.slice(0, step.number - 1))) {
        current = { text: setting.text, line: setting.line, isAgain: true };
        await session.unsafe(setting.text);
      }
      // For whoever the file is by now.
      if (isSettled) await session.unsafe(rowSecuritySql(context.adminRole, "session"));
      current = { text, line };
      started = performance.now();
      await session.unsafe(text);
    } catch (thrown) {
      if (!worker.isLost())
        await session
          .unsafe(OURSELVES)
          .then(() => endStep(session, place, step.number, "failed"))
          .catch(() => {});
      throw new PieceFailure(current, 0, thrown);
    }
    durations.push({ line, milliseconds: performance.now() - started });
    await session.unsafe(OURSELVES);
    await session.unsafe(setTimeouts("set", { ...context.timeouts, statement: 0 }));
    if (isSettled) await session.unsafe("reset row_security");
    await endStep(session, place, step.number, "finished");
    // DISCARD ALL gives up advisory locks too.
    if (statement.setsSession) {
      await session.unsafe(context.sessionSettings === "" ? "select 1" : context.sessionSettings);
      await takeLock(worker, { object: "worker", waitSeconds: 0 });
    }
  });
}

/** The checkpoints are the migrator's, whoever the file has become. */
const OURSELVES = "reset session authorization; reset role";

/**
 * What is built concurrently waits for others, but nobody queues up behind it: without a limit for locks of its own, or it
 * would never be done on a busy table.
 */
function limits(context: RunContext, { migration, step }: StepAssignment) {
  const timeouts = timeoutsOf(migration.directives, context.timeouts);
  const type = step.statements[0]?.outside?.type ?? "opaque";
  const queues = type === "repeatable" || type === "opaque";
  return { ...timeouts, lock: queues ? timeouts.lock : (migration.directives.lockTimeout ?? 0) };
}

function unknown({ migration, place, step }: StepAssignment): TenantryError {
  const { done, again } = settleByHand(place, step.number);
  return new TenantryError({
    code: "migration-failed",
    message: `Migration ${migration.name}: a run was killed during statement ${step.number}, and nobody can know how far it has come.`,
    details: [
      step.statements[0]?.text.split("\n")[0] ?? "",
      `if it is done:   ${done}`,
      `to run it again: ${again}`,
    ],
    hint: 'Look at what it has done, run one of these two on the database, then "tenantry migrate" again.',
  });
}
