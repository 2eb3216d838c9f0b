import type { ReservedSql } from "postgres";
import { TenantryError } from "../../core/errors.js";
import type { ConnectOptions } from "../../postgres/connect.js";
import { openDatabase } from "../../postgres/connect.js";

/** One connection for as long as it lasts: never replaced behind our back by another with other locks and settings. */
export type Backend = {
  /** Runs statements; throws at once when the connection has ended. */
  readonly session: ReservedSql;
  /** The server process. */
  readonly pid: number;
  /** What the server called itself when the connection began: a pooler makes up its own. */
  readonly announcedPid: number;
  readonly isLost: () => boolean;
  /** Rejects when the connection ends, and never resolves. */
  readonly ended: Promise<never>;
  /** Runs a function, but waits no longer than the connection lasts: postgres.js may forget what it has not answered. */
  readonly guard: <T>(work: () => Promise<T>) => Promise<T>;
  /** Ends the connection: at once, without waiting for what it is doing. */
  readonly close: () => Promise<void>;
};

/**
 * Opens a connection that is used by one caller.
 *
 * @throws TenantryError as `openDatabase`.
 */
export async function openBackend(url: URL, options: ConnectOptions): Promise<Backend> {
  let lost = false;
  let end: (thrown: TenantryError) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  ended.catch(() => {});
  let farewell: string | undefined;
  const onClose = () => {
    lost = true;
    end(connectionLost(undefined, farewell));
  };
  const onNotice: ConnectOptions["onNotice"] = ({ code, message }) => {
    if (code !== undefined && FAREWELL.test(code)) farewell = message;
  };
  const database = await openDatabase(url, { ...options, max: 1, onClose, onNotice });
  const close = () => database.end({ timeout: 0 });
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (lost) throw connectionLost(undefined, farewell);
    const working = work();
    working.catch(() => {});
    return await Promise.race([working, ended]);
  };
  try {
    return await guard(async () => {
      const reserved = await database.reserve();
      const session = refuseWhen(reserved, () => lost);
      const asked = await session<{ pid: number }[]>`select pg_backend_pid() as pid`;
      const pid = asked[0]?.pid ?? 0;
      return { session, pid, announcedPid: asked.state.pid, isLost: () => lost, ended, guard, close };
    });
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** postgres.js throws outside of any promise when it is to write to a connection that has ended. */
function refuseWhen(session: ReservedSql, isLost: () => boolean): ReservedSql {
  /** A reserved connection of postgres.js has none, although its type says so. */
  const beginOn = async <T>(use: (session: ReservedSql) => Promise<T>): Promise<T> => {
    await guarded.unsafe("begin");
    try {
      const result = await use(guarded);
      await guarded.unsafe("commit");
      return result;
    } catch (thrown) {
      if (!isLost()) await guarded.unsafe("rollback").catch(() => {});
      throw thrown;
    }
  };
  const guarded = new Proxy(session, {
    apply: (target, self, args) => {
      if (isLost()) throw connectionLost();
      return Reflect.apply(target, self, args);
    },
    get: (target, key) => {
      if (isLost() && key === "unsafe") throw connectionLost();
      return key === "begin" ? beginOn : Reflect.get(target, key);
    },
  });
  return guarded;
}

/** What the server says when it ends a connection: it shuts down, or another process of it has crashed. */
const FAREWELL = /^57P0/;

/**
 * The error of a run whose connection has ended.
 *
 * @param farewell what the server has said before.
 */
export function connectionLost(cause?: unknown, farewell?: string): TenantryError {
  return new TenantryError({
    code: "connection-failed",
    message: "The connection to the server was lost; what was under way is rolled back.",
    details: farewell === undefined ? [] : [`the server: ${farewell}`],
    hint: 'Look into the server\'s log, then run "tenantry migrate" again: it goes on where this one ended.',
    cause,
  });
}
