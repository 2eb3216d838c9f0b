import type { Backend } from "./backend.js";

/** Between two looks, in milliseconds. */
const PERIOD_MS = 500;

/** Watches from the lock's connection whether the worker waits for a lock, and for whom. */
export type LockWatch = {
  /** How long the worker has waited for locks so far, in milliseconds, as far as it was seen. */
  readonly waited: () => number;
  /** Who was last seen to stand in its way. */
  readonly blocker: () => string | undefined;
  readonly forget: () => void;
  readonly stop: () => void;
};

type Seen = { readonly blocker: string | null };

/**
 * Looks twice a second, which also shows a lock connection that has silently gone. Migrations that end sooner are never
 * looked at.
 *
 * @param onWait called when the worker begins to wait, with who is in its way.
 */
export function watchLocks(lock: Backend, worker: Backend, onWait: (blocker: string) => void): LockWatch {
  let waited = 0;
  let last: string | undefined;
  let isLooking = false;
  const look = async () => {
    if (isLooking || lock.isLost()) return;
    isLooking = true;
    try {
      const [seen] = await lock.guard(() => lock.session.unsafe<Seen[]>(question(worker.pid)));
      if (seen === undefined) return;
      waited += PERIOD_MS;
      const blocker = seen.blocker ?? "another session";
      if (last !== blocker) onWait(blocker);
      last = blocker;
    } catch {
      // A lost connection is told by the connection itself.
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), PERIOD_MS);
  timer.unref();
  return {
    waited: () => waited,
    blocker: () => last,
    forget: () => {
      last = undefined;
    },
    stop: () => clearInterval(timer),
  };
}

/** A row if the worker waits for a lock. No query text: it may hold a secret. */
function question(pid: number): string {
  return `select (select format('process %s of %s%s, in a transaction since %s (%s)', b.pid, coalesce(b.usename, 'another role'),
      case when b.application_name = '' then '' else format(' (%s)', b.application_name) end,
      to_char(b.xact_start, 'HH24:MI:SS'), coalesce(b.state, 'state unknown'))
    from pg_stat_activity b where b.pid = any(pg_blocking_pids(w.pid)) order by b.xact_start limit 1) as blocker
  from pg_stat_activity w where w.pid = ${pid} and w.wait_event_type = 'Lock' and w.wait_event <> 'advisory'`;
}
