import { spawn } from "node:child_process";
import { constants, type FileHandle, open, rename } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { TenantryError } from "../../core/errors.js";
import type { Binaries } from "./binaries.js";
import { type Postmaster, readPostmaster } from "./postmaster.js";
import { spawnOptionsFor } from "./run-as.js";
import type { Account } from "./unprivileged-account.js";

// Recovery after a crash replays at most a few minutes of writes.
const READY_MS = 300_000;
const POLL_MS = 5;
const LOG_LINES = 15;
const LOG_BYTES = 20_000_000;

/** What to launch, and how. */
export type Launch = {
  readonly binaries: Binaries;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly port: number;
  readonly durable: boolean;
  readonly maxConnections: number | undefined;
  readonly account: Account | undefined;
};

/**
 * Starts the server and waits until it accepts connections. It becomes a session of its own, with no terminal, so
 * it outlives this process, and Ctrl-C does not reach it.
 *
 * `postgres` is started directly, not through `pg_ctl`: that puts all paths into a shell command without escaping
 * `$` and backticks, looks for the server ten times a second only, and opens the log as the unprivileged user, who
 * may not reach it.
 *
 * @returns the running server, or, if it ended, the last lines of its log.
 * @throws TenantryError `server-failed` if it is still not ready after five minutes.
 * @example const result = await launchServer(launch); if ("failed" in result) console.error(result.failed);
 */
export async function launchServer(
  launch: Launch,
): Promise<Postmaster | { readonly failed: readonly string[] }> {
  const log = await openLog(launch.logFile, launch.account);
  try {
    const { size: begin } = await log.stat();
    const child = spawn(launch.binaries.postgres, argsFor(launch), {
      ...spawnOptionsFor(launch.account),
      detached: true,
      windowsHide: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    let ended = false;
    const failure = new Promise<Error | undefined>((resolve) => {
      child.once("error", resolve);
      child.once("exit", () => resolve(undefined));
    }).then((error) => {
      ended = true;
      return error;
    });
    child.unref();
    for (const deadline = Date.now() + READY_MS; !ended; await Promise.race([pause(POLL_MS), failure])) {
      const found = await readPostmaster(launch.dataDirectory);
      if (found?.process.pid === child.pid && found?.status === "ready") return found;
      if (Date.now() > deadline) throw notReady(launch.dataDirectory, launch.logFile);
    }
    const error = await failure;
    return { failed: error === undefined ? await linesFrom(log, begin) : [error.message] };
  } finally {
    await log.close();
  }
}

/**
 * Waits until a server that somebody else launched is ready.
 *
 * @returns undefined if it ended instead.
 * @throws TenantryError `server-failed` if it is still not ready after five minutes.
 */
export async function awaitReady(dataDirectory: string, logFile: string): Promise<Postmaster | undefined> {
  for (const deadline = Date.now() + READY_MS; ; await pause(POLL_MS)) {
    const found = await readPostmaster(dataDirectory);
    if (found === undefined || found.status === "ready") return found;
    if (Date.now() > deadline) throw notReady(dataDirectory, logFile);
  }
}

function argsFor(launch: Launch): string[] {
  // On the command line these outrank postgresql.conf and ALTER SYSTEM: the server is never reachable from outside.
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    port: launch.port,
    fsync: launch.durable ? "on" : "off",
    full_page_writes: launch.durable ? "on" : "off",
    ...(launch.durable ? {} : { synchronous_commit: "off" }),
    ...(launch.maxConnections === undefined ? {} : { max_connections: launch.maxConnections }),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", launch.dataDirectory, ...options];
}

/** We open the log and hand it over, so the server can write to it even where its user could not open it. */
async function openLog(file: string, account: Account | undefined): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
  let log = await open(file, flags, 0o600);
  if ((await log.stat()).size > LOG_BYTES) {
    await log.close();
    await rename(file, `${file}.old`);
    log = await open(file, flags, 0o600);
  }
  if (account?.personal) await log.chown(account.uid, account.gid);
  return log;
}

async function linesFrom(log: FileHandle, begin: number): Promise<string[]> {
  const { size } = await log.stat();
  const from = Math.max(begin, size - 8192);
  const { buffer, bytesRead } = await log.read(Buffer.alloc(size - from), 0, size - from, from);
  const lines = buffer.subarray(0, bytesRead).toString("utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").slice(-LOG_LINES);
}

function notReady(dataDirectory: string, logFile: string): TenantryError {
  return new TenantryError({
    code: "server-failed",
    message: `The embedded server on ${dataDirectory} is still not ready.`,
    hint: `Look into ${logFile}, then run \`tenantry start\` again to go on waiting, or \`tenantry stop\`.`,
  });
}
