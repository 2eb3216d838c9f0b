import { interrupted } from "../migrate/run/interrupted.js";

/**
 * Waits for a query, and cancels it on the server when the signal fires.
 *
 * @throws TenantryError `interrupted`, and what the server throws.
 * @example await untilStopped(session.unsafe("delete from a where b = $1", [id]), signal);
 */
export async function untilStopped<T>(
  query: PromiseLike<T> & { readonly cancel: () => void },
  signal: AbortSignal | undefined,
): Promise<T> {
  const isStopped = () => signal?.aborted === true;
  if (isStopped()) throw interrupted();
  const cancel = () => query.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await query;
  } catch (thrown) {
    throw isStopped() ? interrupted(thrown) : thrown;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
