import { throwIfStopped } from "../migrate/run/interrupted.js";

/**
 * Waits for what only reads, but not past Ctrl-C: somebody else may hold a table that is read, for as long as they like. What
 * is under way ends with its connection, which the caller closes.
 *
 * @throws TenantryError `interrupted`, or what the work throws.
 * @example await withDatabase(url, {}, (database) => unlessStopped(signal, readLedger(database, place)));
 */
export async function unlessStopped<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  throwIfStopped(signal);
  work.catch(() => {});
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
