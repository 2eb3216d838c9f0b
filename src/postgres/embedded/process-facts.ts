import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";
import { codeOf } from "../../core/errors.js";

/** What tells one process from a later one that got the same id. */
export type ProcessFacts = {
  readonly pid: number;
  /** Differs between two processes that had the same id, across reboots too. Letters and digits only. */
  readonly mark: string;
  /** The command line; empty where the system does not tell. */
  readonly command: string;
  /** The working directory, where the system tells. */
  readonly directory: string | undefined;
};

const run = promisify(execFile);

/**
 * The process with this id, or undefined if none is alive. A zombie is not alive: it holds nothing any more.
 *
 * @example (await readProcess(process.pid))?.pid === process.pid
 */
export async function readProcess(pid: number): Promise<ProcessFacts | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !processIdExists(pid)) return undefined;
  if (process.platform === "linux") {
    const facts = await readProc(pid);
    if (facts !== "no-proc") return facts;
  }
  if (process.platform === "win32") return { pid, mark: "0", command: "", directory: undefined };
  return readPs(pid);
}

/** True if the system knows this process id, be it a zombie or somebody else's. */
export function processIdExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === "EPERM";
  }
}

async function readProc(pid: number): Promise<ProcessFacts | undefined | "no-proc"> {
  try {
    const [stat, command, directory, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readlink(`/proc/${pid}/cwd`).catch(() => undefined),
      readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    ]);
    // The program's name, in parentheses, may itself hold spaces and parentheses: count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startTime] = [fields[0], fields[19]];
    if (state === "Z" || state === "X") return undefined;
    return {
      pid,
      mark: digest(`${boot}${startTime}`),
      command: command.replaceAll("\0", " ").trim(),
      directory,
    };
  } catch {
    return processIdExists(pid) ? "no-proc" : undefined;
  }
}

async function readPs(pid: number): Promise<ProcessFacts | undefined> {
  const args = ["-o", "state=", "-o", "lstart=", "-o", "command=", "-p", String(pid)];
  const line = await run("ps", args, { env: { ...process.env, LC_ALL: "C" } })
    .then(({ stdout }) => stdout.trim())
    .catch(() => "");
  // state, then lstart as five words ("Mon Nov 2 08:44:09 2026"), then the command.
  const match = /^(\S+)\s+((?:\S+\s+){4}\S+)\s+(.*)$/s.exec(line);
  if (match === null || match[1]?.startsWith("Z")) return undefined;
  return { pid, mark: digest(match[2] ?? ""), command: match[3] ?? "", directory: undefined };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
