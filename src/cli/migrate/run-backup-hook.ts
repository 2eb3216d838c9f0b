import { spawn } from "node:child_process";
import { TenantryError } from "../../core/errors.js";
import { interrupted } from "../../migrate/run/interrupted.js";
import type { Context } from "../context.js";

/** What the hook is told by variables of its environment: no secret is in any process list. */
export type HookVariables = {
  readonly DATABASE_URL: string;
  readonly TENANTRY_ENV: string;
  /** The names of the migrations that are about to run, with commas between them. */
  readonly TENANTRY_MIGRATIONS: string;
};

/** Milliseconds between asking it to end and ending it. */
const PATIENCE_MS = 5000;
const LONGEST_REFERENCE = 500;

/**
 * Runs the project's own backup command, in a shell in the project's folder. What it writes goes to stderr as it comes; the
 * last line of its stdout is what it calls the backup. Ctrl-C ends it and what it has started.
 *
 * @returns that line; empty if it wrote none.
 * @throws TenantryError `backup-required` if it does not end with 0, `interrupted`.
 */
export async function runBackupHook(
  { directory, variables, stderr, signal }: Pick<Context, "directory" | "variables" | "stderr" | "signal">,
  command: string,
  told: HookVariables,
): Promise<string> {
  if (signal.aborted) throw interrupted();
  let last = "";
  let rest = "";
  const status = await new Promise<number | string>((resolve, reject) => {
    // A process group of its own, so that all of it can be ended.
    const child = spawn(command, {
      shell: true,
      detached: process.platform !== "win32",
      cwd: directory,
      env: { ...variables, ...told },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const end = (how: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, how);
        else child.kill(how);
      } catch {
        // It has ended by itself.
      }
    };
    let timer: NodeJS.Timeout | undefined;
    const stop = () => {
      end("SIGTERM");
      timer = setTimeout(() => end("SIGKILL"), PATIENCE_MS);
    };
    signal.addEventListener("abort", stop, { once: true });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    child.stderr.on("data", (bytes: Buffer) => void stderr.write(bytes));
    child.stdout.on("data", (bytes: Buffer) => {
      stderr.write(bytes);
      const lines = `${rest}${bytes.toString("utf8")}`.split(/\r?\n/);
      rest = (lines.pop() ?? "").slice(-LONGEST_REFERENCE);
      last = lines.filter((line) => line.trim() !== "").at(-1) ?? last;
    });
    child.once("error", (thrown) => {
      settle();
      reject(thrown);
    });
    child.once("close", (code, by) => {
      settle();
      resolve(code ?? by ?? "nothing");
    });
  });
  if (signal.aborted) throw interrupted();
  if (status !== 0) {
    throw new TenantryError({
      code: "backup-required",
      message: `The backupHook of defineTenancy() ended with ${status}.`,
      hint: "Nothing was applied. What it wrote is above; it must end with 0 when the backup is made.",
    });
  }
  return (rest.trim() === "" ? last : rest).trim().slice(0, LONGEST_REFERENCE);
}
