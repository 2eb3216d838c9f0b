import type { Session } from "./connect.js";

/** Milliseconds that each may take to end. */
const PATIENCE_MS = 10_000;

/**
 * Ends the sessions of databases, and waits until they have: a closed connection's backend may take a moment to end, and a
 * database cannot be renamed or copied meanwhile. Autovacuum's are nobody's: they end by themselves then, and only a
 * superuser may do it.
 *
 * @throws what the server throws: 42501 for a session of a superuser.
 */
export async function endSessions(session: Session, databases: readonly string[]): Promise<void> {
  await session`
    select pg_terminate_backend(pid, ${PATIENCE_MS}) from pg_stat_activity
    where datname = any(${[...databases]}) and usesysid is not null`;
}
