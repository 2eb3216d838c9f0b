import { throwIfStopped } from "../migrate/run/interrupted.js";
import type { Database } from "../postgres/connect.js";
import { cutConnections } from "../postgres/cut-connections.js";

/**
 * Runs a function, and ends the connections that it works on as soon as the signal fires: a COPY cannot be stopped
 * otherwise, and the server rolls back what was under way.
 *
 * @throws TenantryError `interrupted` then; else whatever the function throws.
 */
export async function endOnAbort<T>(
  database: Database,
  signal: AbortSignal | undefined,
  use: () => Promise<T>,
): Promise<T> {
  throwIfStopped(signal);
  const end = () => void cutConnections(database);
  signal?.addEventListener("abort", end, { once: true });
  try {
    return await use();
  } catch (thrown) {
    throwIfStopped(signal);
    throw thrown;
  } finally {
    signal?.removeEventListener("abort", end);
  }
}
