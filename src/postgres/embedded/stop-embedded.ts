import { setTimeout as pause } from "node:timers/promises";
import { codeOf, TenantryError } from "../../core/errors.js";
import { silentLogger } from "../../core/logger.js";
import { withDiskErrors } from "./disk-error.js";
import { withEmbeddedLock } from "./embedded-lock.js";
import type { EmbeddedOptions } from "./embedded-server.js";
import { readState } from "./embedded-state.js";
import { findData, holdsSomething, type Place, readPlace } from "./place.js";
import { isStillAlive, type Postmaster, readPostmaster } from "./postmaster.js";

// Fast shutdown ends sessions and writes a checkpoint; what takes longer than this is stuck.
const FAST_MS = 30_000;
const IMMEDIATE_MS = 10_000;
const POLL_MS = 5;

/**
 * Stops the project's embedded server, ending its sessions; the data stays. Works without the binaries and without
 * a readable server.json. If no server runs, nothing happens.
 *
 * @throws TenantryError `server-failed` if the server does not end or belongs to another user.
 * @example await stopEmbedded({ projectDirectory: process.cwd() }) // { stopped: true, pid: 4711 }
 */
export async function stopEmbedded(
  options: EmbeddedOptions,
): Promise<{ readonly stopped: boolean; readonly pid: number | undefined }> {
  const place = await readPlace(options);
  return withDiskErrors(place.stateDirectory, async () => {
    if (!(await holdsSomething(place.stateDirectory))) return { stopped: false, pid: undefined };
    return withLockIfPossible(place, async () => {
      const dataDirectory = await dataOf(place);
      const postmaster = dataDirectory === undefined ? undefined : await readPostmaster(dataDirectory);
      if (dataDirectory === undefined || postmaster === undefined) return { stopped: false, pid: undefined };
      await stopPostmaster(dataDirectory, postmaster, place.logFile);
      (options.logger ?? silentLogger).info(`The embedded server on port ${postmaster.port} is stopped.`);
      return { stopped: true, pid: postmaster.process.pid };
    });
  });
}

/**
 * Ends a server and waits until it is gone: a fast shutdown, and if that hangs an immediate one, from which
 * PostgreSQL recovers at the next start.
 *
 * @throws TenantryError `server-failed` if it does not end or belongs to another user.
 */
export async function stopPostmaster(
  dataDirectory: string,
  postmaster: Postmaster,
  logFile: string,
): Promise<void> {
  const { pid } = postmaster.process;
  // On Windows Node.js ends the process at once, whatever the signal; PostgreSQL recovers from that, too.
  for (const [signal, patience] of [["SIGINT", FAST_MS] as const, ["SIGQUIT", IMMEDIATE_MS] as const]) {
    try {
      process.kill(pid, signal);
    } catch (thrown) {
      if (codeOf(thrown) === "ESRCH") return;
      throw cannotStop(pid, dataDirectory, logFile, thrown);
    }
    for (const deadline = Date.now() + patience; Date.now() < deadline; await pause(POLL_MS)) {
      if (!(await isStillAlive(postmaster.process))) return;
    }
  }
  throw cannotStop(pid, dataDirectory, logFile, undefined);
}

/** Stopping must be possible on a full or read-only disk, too, where the lock cannot be taken. */
async function withLockIfPossible<T>(place: Place, work: () => Promise<T>): Promise<T> {
  let entered = false;
  try {
    return await withEmbeddedLock(place.stateDirectory, () => {
      entered = true;
      return work();
    });
  } catch (thrown) {
    if (entered || !["ENOSPC", "EDQUOT", "EROFS", "EACCES"].includes(codeOf(thrown) ?? "")) throw thrown;
    return work();
  }
}

async function dataOf(place: Place): Promise<string | undefined> {
  // A server.json that cannot be read must not keep its server running.
  const state = await readState(place.stateDirectory).catch(() => undefined);
  return state?.dataDirectory ?? findData(place);
}

function cannotStop(pid: number, dataDirectory: string, logFile: string, cause: unknown): TenantryError {
  return new TenantryError({
    code: "server-failed",
    message: `The embedded server on ${dataDirectory} (process ${pid}) could not be stopped.`,
    hint:
      cause === undefined
        ? `Look into ${logFile}, then run \`tenantry stop\` again.`
        : "Run `tenantry stop` as the user who started it.",
    cause,
  });
}
