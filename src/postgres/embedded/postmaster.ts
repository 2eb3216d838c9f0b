import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../core/errors.js";
import { type ProcessFacts, processIdExists, readProcess } from "./process-facts.js";

/** A live server process on a data directory. */
export type Postmaster = {
  readonly process: ProcessFacts;
  readonly port: number;
  readonly status: "starting" | "ready" | "stopping";
};

// Lines of postmaster.pid, from PostgreSQL's src/include/utils/pidfile.h.
const LINE_PID = 0;
const LINE_PORT = 3;
const LINE_STATUS = 7;
/** Above every system's largest process id, but still one that PostgreSQL reads as a number. */
const NOBODY_PID = 2_147_483_647;

/**
 * The server that runs on this data directory, or undefined. Not fooled by a postmaster.pid that was left behind
 * or copied along, even if some other process has that id now.
 *
 * @example (await readPostmaster("/srv/app/.tenantry/data"))?.port
 */
export async function readPostmaster(dataDirectory: string): Promise<Postmaster | undefined> {
  const lines = await readPidFile(dataDirectory);
  if (lines === undefined) return undefined;
  const found = await readProcess(Number(lines[LINE_PID]));
  if (found === undefined || !(await worksOn(found, dataDirectory))) return undefined;
  const status = lines[LINE_STATUS]?.trim();
  return {
    process: found,
    port: Number(lines[LINE_PORT] ?? "0"),
    status: status === "ready" || status === "stopping" ? status : "starting",
  };
}

/** True while that very process lives; one that got its id later does not count. */
export async function isStillAlive(facts: ProcessFacts): Promise<boolean> {
  return (await readProcess(facts.pid))?.mark === facts.mark;
}

/**
 * Makes a postmaster.pid that a dead server left behind harmless. PostgreSQL itself refuses to start while any
 * process of the same user has that id. Only the id is changed: the rest names the shared memory, by which
 * PostgreSQL recognises orphans of the dead server that still write to the data.
 *
 * Call it only under the lock, and only if {@link readPostmaster} found nothing.
 */
export async function disarmPidFile(dataDirectory: string): Promise<void> {
  const lines = await readPidFile(dataDirectory);
  if (lines === undefined) return;
  const file = join(dataDirectory, "postmaster.pid");
  // Left by a server that died, or a disk that was full, before its first line was written.
  if (!(Number(lines[LINE_PID]) > 0)) return rm(file, { force: true });
  // Zombies count here: they are dead to us, but PostgreSQL only asks whether the id exists.
  if (!processIdExists(Number(lines[LINE_PID]))) return;
  const scratch = `${file}.new`;
  const { uid, gid } = await stat(file);
  // We may be root here, in a directory of the server's user: never open what is there, it may be a symbolic link.
  await rm(scratch, { force: true });
  const handle = await open(scratch, "wx", 0o600);
  try {
    await handle.writeFile([NOBODY_PID, ...lines.slice(1)].join("\n"));
    if (process.getuid?.() === 0) await handle.chown(uid, gid);
  } finally {
    await handle.close();
  }
  await rename(scratch, file);
}

async function readPidFile(dataDirectory: string): Promise<string[] | undefined> {
  try {
    return (await readFile(join(dataDirectory, "postmaster.pid"), "utf8")).split("\n");
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR") return undefined;
    throw thrown;
  }
}

async function worksOn(found: ProcessFacts, dataDirectory: string): Promise<boolean> {
  const real = await realpath(dataDirectory);
  // A postmaster's working directory is its data directory. Where the system does not tell, the command line has it.
  if (found.directory !== undefined) return found.directory === real && found.command.includes("postgres");
  return found.command === "" || found.command.includes(real) || found.command.includes(dataDirectory);
}
