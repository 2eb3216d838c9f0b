import { spawn } from "node:child_process";
import { codeOf, TenantryError } from "../../core/errors.js";
import type { Account } from "./unprivileged-account.js";

/** How a program ended. */
export type Ended = {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to both outputs, line by line, without empty lines. */
  readonly output: readonly string[];
};

// Nothing else is passed on: PG… variables would redirect the server, LC_… translate its messages, and it would
// carry whatever secrets the caller's environment holds for as long as it runs.
const KEPT = ["PATH", "LD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot", "SystemDrive"];

/** The spawn options that make a program run as `account`; as ourselves if that is undefined. */
export function spawnOptionsFor(account: Account | undefined): {
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
} {
  const env: NodeJS.ProcessEnv = {
    LC_ALL: "C",
    TZ: "UTC",
    HOME: account?.home ?? process.env.HOME ?? "/",
  };
  for (const name of KEPT) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  // The root directory is one that every user can enter. libuv drops all supplementary groups on a switch.
  return account === undefined ? { cwd: "/", env } : { cwd: "/", env, uid: account.uid, gid: account.gid };
}

/**
 * Runs a program to its end as `account`. It shares our terminal, so Ctrl-C ends it, too.
 *
 * @throws TenantryError `server-failed` if we may not become `account`; what `spawn` reports if the program cannot
 * be started at all, such as ENOENT.
 * @example (await runAs(account, "/bin/sh", ["-c", "id -u"])).output // ["101"]
 */
export function runAs(
  account: Account | undefined,
  program: string,
  args: readonly string[],
  input = "",
): Promise<Ended> {
  const ended = new Promise<Ended>((resolve, reject) => {
    const child = spawn(program, args, { ...spawnOptionsFor(account), stdio: "pipe" });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A program that ends before it has read its input is judged by how it ended, not by our broken pipe.
    child.stdin.on("error", () => {});
    child.once("error", reject);
    child.once("close", (status, signal) => {
      const lines = Buffer.concat(chunks).toString("utf8").split("\n");
      resolve({
        status,
        signal,
        output: lines.map((line) => line.trimEnd()).filter((line) => line !== ""),
      });
    });
    child.stdin.end(input);
  });
  return ended.catch((thrown: unknown) => {
    throw account !== undefined && codeOf(thrown) === "EPERM" ? switchRefused(account) : thrown;
  });
}

/** Containers may run as root without the right to become anybody else. */
function switchRefused(account: Account): TenantryError {
  return new TenantryError({
    code: "server-failed",
    message: `PostgreSQL does not run as root, and this process may not become user ${account.name} to run it.`,
    hint: "Run the command as an ordinary user, or set DATABASE_URL to a server of your own.",
  });
}
