import { throwIfStopped } from "./interrupted.js";
import type { RunContext } from "./run-context.js";

/** Between two requests to cancel: one may fall between two statements, where there is nothing to cancel. */
const AGAIN_MS = 300;

/** A statement that has not heeded the requests by then is left to the server, which ends it with its connection. */
const PATIENCE_MS = 4000;

/**
 * Runs statements on the worker. When the run is stopped, it has the server cancel what is under way.
 *
 * @throws what the run was stopped with, or what the work throws.
 */
export async function stoppable<T>(
  { worker, lock, stop }: Pick<RunContext, "worker" | "lock" | "stop">,
  work: () => Promise<T>,
): Promise<T> {
  throwIfStopped(stop);
  const timers: NodeJS.Timeout[] = [];
  const give = () => void worker.close();
  const cancel = () => {
    if (lock.isLost()) return give();
    lock.session.unsafe(`select pg_cancel_backend(${worker.pid})`).catch(() => {});
  };
  const begin = () => {
    cancel();
    timers.push(setInterval(cancel, AGAIN_MS), setTimeout(give, PATIENCE_MS));
  };
  stop.addEventListener("abort", begin, { once: true });
  try {
    return await worker.guard(work);
  } catch (thrown) {
    throwIfStopped(stop);
    throw thrown;
  } finally {
    stop.removeEventListener("abort", begin);
    for (const timer of timers) clearTimeout(timer);
  }
}
