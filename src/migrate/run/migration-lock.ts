import { TenantryError } from "../../core/errors.js";
import type { ConnectOptions } from "../../postgres/connect.js";
import type { Backend } from "./backend.js";
import { openBackend } from "./backend.js";
import { pause } from "./pause.js";

/** Two numbers that nobody else uses: "tenantry" as the class, what is locked as the object. */
const LOCK_CLASS = 0x74_6e_74_72;
const OBJECTS = {
  /** One run at a time. On a connection of its own, which does nothing else. */
  run: 1,
  /**
   * One connection that executes at a time. A run that was killed has released the other lock, while the server may still
   * work off what it had been sent: a COMMIT, perhaps.
   */
  worker: 2,
} as const;

/** Between two tries, in milliseconds. */
const POLL_MS = 100;

/** How to take a lock. */
export type LockRequest = {
  readonly object: keyof typeof OBJECTS;
  /** Seconds to wait for another migrator. */
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once, when somebody else holds the lock. */
  readonly onWait?: ((holder: string) => void) | undefined;
};

/** How to take the lock of a run. */
export type LockOptions = ConnectOptions & Omit<LockRequest, "object">;

/**
 * Runs a function while holding the database's migration lock, on a connection of its own.
 *
 * @throws TenantryError `lock-timeout` saying who holds it, `interrupted` if the signal fires.
 */
export async function withMigrationLock<T>(
  url: URL,
  options: LockOptions,
  use: () => Promise<T>,
): Promise<T> {
  const backend = await openBackend(url, { ...options, applicationName: "tenantry migrate lock" });
  try {
    await takeLock(backend, { ...options, object: "run" });
    return await use();
  } finally {
    await backend.close();
  }
}

/**
 * Takes a lock at session level, so that the server releases it when this process dies. Polled with pg_try_advisory_lock
 * outside of any transaction, since a session that *waits* in pg_advisory_lock deadlocks with CREATE INDEX CONCURRENTLY.
 *
 * @returns how long it was waited for, in milliseconds.
 * @throws TenantryError `lock-timeout` saying who holds it, `interrupted` if the signal fires.
 */
export async function takeLock(backend: Backend, request: LockRequest): Promise<number> {
  const started = performance.now();
  const deadline = Date.now() + request.waitSeconds * 1000;
  for (let waited = false; !(await tryLock(backend, request)); waited = true) {
    if (!waited) request.onWait?.(await describeHolder(backend, request));
    if (Date.now() >= deadline) throw await lockTimeout(backend, request);
    await pause(POLL_MS, request.signal);
  }
  return Math.round(performance.now() - started);
}

async function tryLock({ guard, session }: Backend, { object }: LockRequest): Promise<boolean> {
  const [row] = await guard(() =>
    session.unsafe<{ locked: boolean }[]>(
      `select pg_try_advisory_lock(${LOCK_CLASS}, ${OBJECTS[object]}) as locked`,
    ),
  );
  return row?.locked === true;
}

async function describeHolder({ guard, session }: Backend, { object }: LockRequest): Promise<string> {
  const [row] = await guard(() =>
    session.unsafe<{ holder: string }[]>(`
    select format('process %s of %s at %s since %s', a.pid, coalesce(a.usename, 'another role'),
                  coalesce(host(a.client_addr), 'this host'), to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')) as holder
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.classid = ${LOCK_CLASS}::bigint and l.objid = ${OBJECTS[object]}::bigint
      and l.database = (select oid from pg_database where datname = current_database())
    limit 1`),
  );
  return row?.holder ?? "another migrator";
}

async function lockTimeout(backend: Backend, request: LockRequest): Promise<TenantryError> {
  const holder = await describeHolder(backend, request);
  return new TenantryError({
    code: "lock-timeout",
    message: `Another migrator holds the lock of this database: ${holder}.`,
    hint: `It was waited for ${request.waitSeconds} s. Run the command again when it has ended, or with a longer --lock-wait. Of a run that hangs: select pg_terminate_backend(PROCESS).`,
  });
}
