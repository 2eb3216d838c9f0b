import { setTimeout as delay } from "node:timers/promises";
import { TenantryError } from "../../core/errors.js";
import type { ConnectOptions, Session } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";

/** Two numbers that nobody else uses: "tenantry" as the class, the migration lock as the object. */
const LOCK_CLASS = 0x74_6e_74_72;
const LOCK_OBJECT = 1;

/** Between two tries, in milliseconds. */
const POLL_MS = 100;

/** How to take the lock. */
export type LockOptions = ConnectOptions & {
  /** Seconds to wait for another migrator. */
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once, when somebody else holds the lock. */
  readonly onWait?: (holder: string) => void;
};

/**
 * Runs a function while holding the database's migration lock: at session level on a connection of its own, so that
 * the server releases it when this process dies. Polled with pg_try_advisory_lock, since a session that *waits* in
 * pg_advisory_lock deadlocks with CREATE INDEX CONCURRENTLY.
 *
 * @throws TenantryError `lock-timeout` saying who holds it, `interrupted` if the signal fires.
 */
export async function withMigrationLock<T>(
  url: URL,
  options: LockOptions,
  use: () => Promise<T>,
): Promise<T> {
  return await withDatabase(
    url,
    { ...options, applicationName: "tenantry migrate lock" },
    async (database) => {
      const deadline = Date.now() + options.waitSeconds * 1000;
      for (let waited = false; !(await tryLock(database)); waited = true) {
        if (!waited) options.onWait?.(await describeHolder(database));
        if (Date.now() >= deadline) throw await lockTimeout(database, options.waitSeconds);
        await pause(options.signal);
      }
      return await use();
    },
  );
}

async function tryLock(session: Session): Promise<boolean> {
  const [row] = await session<{ locked: boolean }[]>`
    select pg_try_advisory_lock(${LOCK_CLASS}::int, ${LOCK_OBJECT}::int) as locked`;
  return row?.locked === true;
}

async function describeHolder(session: Session): Promise<string> {
  const [row] = await session<{ holder: string }[]>`
    select format('process %s of %s at %s since %s', a.pid, coalesce(a.usename, 'another role'),
                  coalesce(host(a.client_addr), 'this host'), to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')) as holder
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.classid = ${LOCK_CLASS}::bigint and l.objid = ${LOCK_OBJECT}::bigint
      and l.database = (select oid from pg_database where datname = current_database())
    limit 1`;
  return row?.holder ?? "another migrator";
}

async function lockTimeout(session: Session, seconds: number): Promise<TenantryError> {
  return new TenantryError({
    code: "lock-timeout",
    message: `Another migrator holds the lock of this database: ${await describeHolder(session)}.`,
    hint: `It was waited for ${seconds} s. Run the command again when it has ended.`,
  });
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
  } catch (thrown) {
    throw interrupted(thrown);
  }
}

/** The error of a run that was stopped by Ctrl-C or SIGTERM. */
export function interrupted(cause?: unknown): TenantryError {
  return new TenantryError({
    code: "interrupted",
    message: "Interrupted; what was under way is rolled back.",
    hint: 'Run "tenantry status" to see what was applied.',
    cause,
  });
}
