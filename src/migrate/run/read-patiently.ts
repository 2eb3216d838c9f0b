import { messageOf, TenantryError } from "../../core/errors.js";
import type { RunContext } from "./run-context.js";
import { stateOf } from "./send-pieces.js";
import { advice, LOCK_STATES } from "./statement-error.js";
import { stoppable } from "./stoppable.js";
import { setTimeouts } from "./timeouts.js";
import { withRetries } from "./with-retries.js";

/** What reads and writes of a run's own need of it. */
export type Patience = Pick<RunContext, "worker" | "lock" | "watch" | "timeouts" | "logger" | "stop">;

/**
 * Runs on the worker what a run reads and writes beside its migrations. That too may wait for a lock: PostgreSQL locks a
 * table to print its policies, and another session may hold the table, or the ledger, for hours. So it has the limits of a
 * migration, and is cancelled when the run is stopped.
 *
 * @param work may run more than once.
 * @throws TenantryError `lock-timeout` naming who holds it, what the run was stopped with, and what the work throws.
 */
export async function readPatiently<T>(patience: Patience, work: () => Promise<T>): Promise<T> {
  const { worker, watch, timeouts } = patience;
  const attempt = () =>
    stoppable(patience, async () => {
      await worker.session.unsafe(setTimeouts("set", { ...timeouts, statement: 0 }));
      return await work();
    });
  try {
    return (await withRetries(patience, undefined, attempt)).result;
  } catch (thrown) {
    const state = stateOf(thrown);
    if (thrown instanceof TenantryError || state === undefined || !LOCK_STATES.has(state)) throw thrown;
    const blocker = watch.blocker();
    throw new TenantryError({
      code: "lock-timeout",
      message: `The run could not read the ledger and the catalog: ${messageOf(thrown)} (${state}).`,
      details: blocker === undefined ? [] : [blocker],
      hint: `Nothing of a migration was under way. ${advice(state, "")}`,
      cause: thrown,
    });
  }
}
