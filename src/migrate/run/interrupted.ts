import { TenantryError } from "../../core/errors.js";

/** The error of a run that was stopped by Ctrl-C or SIGTERM. */
export function interrupted(cause?: unknown): TenantryError {
  return new TenantryError({
    code: "interrupted",
    message: "Interrupted; what was under way is rolled back.",
    hint: 'Run "tenantry status" to see what was applied.',
    cause,
  });
}

/** Throws what the signal was aborted with, if it was: a {@link TenantryError} of the run, else {@link interrupted}. */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const reason: unknown = signal.reason;
  throw reason instanceof TenantryError ? reason : interrupted(reason);
}
