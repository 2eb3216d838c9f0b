import type { Session } from "../../postgres/connect.js";
import { interrupted } from "../run/interrupted.js";

/**
 * Runs one text on a session, as the simple protocol does, and cancels it on the server when the signal fires.
 *
 * @throws TenantryError `interrupted`, and what the server throws.
 */
export async function runOnSession(
  session: Session,
  sql: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const isAborted = () => signal?.aborted === true;
  if (isAborted()) throw interrupted();
  const query = session.unsafe(sql).simple();
  const cancel = () => query.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    await query;
  } catch (thrown) {
    throw isAborted() ? interrupted(thrown) : thrown;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
