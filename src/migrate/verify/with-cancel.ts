import type { ConnectOptions, Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { throwIfStopped } from "../run/interrupted.js";

/**
 * Runs queries on one connection. When the signal fires, the server is asked, over another one, to cancel what is under way.
 *
 * @param database one connection (`max: 1`).
 * @throws TenantryError `interrupted`, or what the function throws.
 */
export async function withCancel<T>(
  database: Database,
  options: {
    readonly url: URL;
    readonly connect?: ConnectOptions | undefined;
    readonly signal?: AbortSignal | undefined;
  },
  use: () => Promise<T>,
): Promise<T> {
  const { url, connect, signal } = options;
  throwIfStopped(signal);
  const [row] = await database<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const pid = row?.pid ?? 0;
  const cancel = () => {
    withDatabase(url, { ...connect, applicationName: "tenantry cancel" }, (other) =>
      other`select pg_cancel_backend(${pid})`.then(() => {}),
    ).catch(() => {});
  };
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const result = await use();
    throwIfStopped(signal);
    return result;
  } catch (thrown) {
    throwIfStopped(signal);
    throw thrown;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
