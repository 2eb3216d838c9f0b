import type { Logger } from "../../core/logger.js";
import type { Backend } from "./backend.js";
import { openBackend } from "./backend.js";
import { readEnvironmentMark, requireEnvironment } from "./environment-mark.js";
import { explainLoss } from "./explain-loss.js";
import type { MigrateOptions } from "./migrate-options.js";
import { takeLock } from "./migration-lock.js";
import { connectPatiently } from "./preflight/connect-patiently.js";
import { inspectTarget, requireWritable, warnAbout } from "./preflight/inspect-target.js";
import { refusePooler } from "./preflight/refuse-pooler.js";

/** The two connections of a run that may begin. */
export type OpenRun = {
  readonly lock: Backend;
  readonly worker: Backend;
  /** As `set …` statements: what must hold on the worker whatever migrations set. */
  readonly sessionSettings: string;
  readonly warnings: readonly string[];
  /** Waited for other migrators, in milliseconds. */
  readonly lockWait: number;
  /** Refuses a role that may not write what a run writes. */
  readonly requireWritable: () => void;
};

/**
 * Connects, judges the server, and takes the lock.
 *
 * @throws TenantryError as `openDatabase`, `refusePooler`, `requireWritable`, `requireEnvironment` and `takeLock`.
 */
export async function withOpenRun<T>(
  options: MigrateOptions,
  logger: Logger,
  stop: AbortSignal,
  use: (run: OpenRun) => Promise<T>,
): Promise<T> {
  const open: Backend[] = [];
  const connect = async (applicationName: string) => {
    const backend = await connectPatiently(
      () => openBackend(options.url, { ...options.connect, applicationName }),
      {
        waitSeconds: options.connectWaitSeconds ?? 0,
        logger,
        signal: stop,
      },
    );
    open.push(backend);
    return backend;
  };
  try {
    // One behind the other where the server may have to be waited for, and both at once where it is there.
    const early = connect("tenantry migrate lock");
    if ((options.connectWaitSeconds ?? 0) > 0) await early;
    const [lock, worker] = await both(early, connect("tenantry migrate"));
    const target = await lock.guard(() => inspectTarget(lock.session, options.ledger));
    requireWritable(target, { writes: false });
    await refusePooler(lock, worker, options.connect?.urlName ?? "DATABASE_URL");
    const sessionSettings = await watchClient(worker);
    await watchClient(lock);
    const { environment } = options;
    const mark =
      environment === undefined ? undefined : await lock.guard(() => readEnvironmentMark(lock.session));
    if (environment !== undefined) requireEnvironment(mark, environment);
    const request = {
      waitSeconds: options.lockWaitSeconds ?? 60,
      signal: stop,
      onWait: (holder: string) =>
        logger.info(`waiting for another migrator: ${holder}`, { event: "lock-waited-for", holder }),
    };
    const waits = [
      await takeLock(lock, { ...request, object: "run" }),
      await takeLock(worker, { ...request, object: "worker" }),
    ];
    const isUnmarked = environment !== undefined && environment !== "development" && mark === undefined;
    const warnings = [
      ...(await warnAbout(target)),
      ...(isUnmarked
        ? [`the database is not marked with its environment; "tenantry init --env ${environment}" marks it`]
        : []),
    ];
    const run: OpenRun = {
      lock,
      worker,
      sessionSettings,
      warnings,
      lockWait: waits.reduce((sum, one) => sum + one, 0),
      requireWritable: () => requireWritable(target, { writes: true }),
    };
    try {
      return await use(run);
    } catch (thrown) {
      throw await explainLoss(thrown, target);
    }
  } finally {
    await Promise.all(open.map((backend) => backend.close()));
  }
}

/** Both, or the first one's failure when the other has settled too: what it has opened is then known, and closed. */
async function both<T>(one: Promise<T>, other: Promise<T>): Promise<[T, T]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

/**
 * Has the server look every two seconds whether we are still there, also during a long statement; and not end a connection
 * that waits for another migrator, or for the next try.
 */
async function watchClient({ guard, session }: Backend): Promise<string> {
  const patience = "set idle_session_timeout = 0";
  const setting = `${patience}; set client_connection_check_interval = 2000`;
  try {
    await guard(() => session.unsafe(setting));
    return setting;
  } catch {
    // Servers on Windows cannot look: there a killed run's statement goes on to its end.
    await guard(() => session.unsafe(patience));
    return patience;
  }
}
