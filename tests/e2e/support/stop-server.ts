import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, runCommand } from "./run-command.js";

/** Stops the embedded server of a project by the given command, or by its process id if that fails. */
export async function stopServer(project: string, command: Omit<Command, "cwd">): Promise<void> {
  const pid = await readServerPid(project);
  if (pid === undefined) return;
  const { status } = await runCommand({ ...command, cwd: project });
  if (status !== 0) process.kill(pid, "SIGQUIT");
}

/** The process id of a project's embedded server, or undefined if none runs. */
export async function readServerPid(project: string): Promise<number | undefined> {
  const text = await readFile(join(project, ".tenantry/data/postmaster.pid"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}
