import { TenantryError } from "../../core/errors.js";
import type { Backend } from "./backend.js";
import { interrupted } from "./interrupted.js";
import { deadlineError } from "./timeouts.js";

/**
 * Runs a function with a signal that fires at whatever must stop a run: the caller's own signal, the deadline, the loss of
 * the connection that holds the lock. Its reason is the error to end with.
 *
 * @param limits.deadline in milliseconds; 0 for none.
 */
export async function withStop<T>(
  limits: { readonly signal: AbortSignal | undefined; readonly deadline: number },
  use: (stop: AbortSignal, watchFor: (lock: Backend) => void) => Promise<T>,
): Promise<T> {
  const { signal, deadline } = limits;
  const controller = new AbortController();
  const onAbort = () => controller.abort(interrupted(signal?.reason));
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer =
    deadline === 0 ? undefined : setTimeout(() => controller.abort(deadlineError(deadline)), deadline);
  let isOver = false;
  const watchFor = (lock: Backend) => {
    lock.ended.catch(() => {
      if (!isOver) controller.abort(lockLost());
    });
  };
  try {
    return await use(controller.signal, watchFor);
  } finally {
    isOver = true;
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }
}

function lockLost(): TenantryError {
  return new TenantryError({
    code: "connection-failed",
    message: "The connection that holds the migration lock was lost; what was under way is rolled back.",
    hint: 'Look into the server\'s log for why it ended, then run "tenantry migrate" again.',
  });
}
