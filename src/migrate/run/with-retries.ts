import { pause } from "./pause.js";
import type { RunContext } from "./run-context.js";
import { stateOf } from "./send-pieces.js";
import { LOCK_STATES } from "./statement-error.js";

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** What tries came to. */
export type Retried<T> = { readonly result: T; readonly attempts: number };

/**
 * Runs a transaction again, whole, when it did not get a lock in time, or was chosen to end a deadlock or a conflict. The
 * pauses double and are jittered, so that two that block each other do not meet again; their sum has a limit.
 *
 * @param migration undefined for what a run does beside its migrations.
 */
export async function withRetries<T>(
  context: Pick<RunContext, "timeouts" | "logger" | "stop" | "watch">,
  migration: string | undefined,
  work: () => Promise<T>,
  onRetry: () => void = () => {},
): Promise<Retried<T>> {
  const { timeouts, logger, stop, watch } = context;
  const deadline = performance.now() + timeouts.retryFor;
  for (let attempts = 1; ; attempts++) {
    watch.forget();
    try {
      return { result: await work(), attempts };
    } catch (thrown) {
      const state = stateOf(thrown);
      if (state === undefined || !LOCK_STATES.has(state)) throw thrown;
      const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
      const wait = most * (0.5 + Math.random() / 2);
      if (performance.now() + wait > deadline) throw thrown;
      const blocker = watch.blocker();
      const why = state === "55P03" ? `its lock within ${timeouts.lock} ms` : `through (${state})`;
      logger.warn(
        `${migration ?? "the run"} did not get ${why}${blocker === undefined ? "" : `, because of ${blocker}`}; trying again`,
        { event: "retry", ...(migration === undefined ? {} : { migration }), attempt: attempts, state },
      );
      onRetry();
      await pause(wait, stop);
    }
  }
}
