import type { Session } from "./connect.js";

/** With which a server ends what takes long. Not every version has all of them. */
const TIMEOUTS: readonly string[] = [
  "statement_timeout",
  "transaction_timeout",
  "idle_session_timeout",
  "idle_in_transaction_session_timeout",
];

/**
 * Lets a session take as long as it needs, whatever was set for its role or its database: a role that is kept from slow queries
 * by day would never get to the end of a backup.
 *
 * @param session of one connection.
 * @param scope `transaction` for that in which it is; `session` only where no pooler can be, which would hand the setting on
 * to others with its connection.
 */
export async function liftTimeouts(session: Session, scope: "session" | "transaction"): Promise<void> {
  const isLocal = scope === "transaction";
  await session`select set_config(name, '0', ${isLocal}) from pg_catalog.pg_settings where name = any(${[...TIMEOUTS]})`;
}
