import { throwIfStopped } from "../migrate/run/interrupted.js";

/**
 * Waits for what only reads, but not past Ctrl-C: somebody else may hold a table that is read, for as long as they like. The
 * caller closes the connection; the server gives up a read that waits for a lock when it gets it, or when it notices.
 *
 * @throws TenantryError `interrupted`, or what the work throws.
 * @example await withDatabase(url, {}, (database) => unlessStopped(signal, readLedger(database, place)));
 */
export async function unlessStopped<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  // It has begun already, and may fail when nobody waits any more.
  work.catch(() => {});
  throwIfStopped(signal);
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } catch (thrown) {
    throwIfStopped(signal);
    throw thrown;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
