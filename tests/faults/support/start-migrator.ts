import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const SCRIPT = fileURLToPath(new URL("./migrator.mjs", import.meta.url));

const outcome = z.union([
  z.object({ applied: z.array(z.string()) }),
  z.object({ code: z.string(), message: z.string() }),
]);

/** How a migrator ended: killed, or with the line that it wrote. */
export type MigratorEnd = {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly outcome: z.infer<typeof outcome> | undefined;
  readonly progress: string;
};

/** Starts a migrator in a process of its own. */
export function startMigrator(
  url: URL,
  folder: string,
  variables: { readonly LOCK_BUDGET_SECONDS?: string } = {},
): { readonly child: ChildProcess; readonly ended: Promise<MigratorEnd> } {
  const child = spawn(process.execPath, [SCRIPT, url.href, folder], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...variables },
  });
  let said = "";
  let progress = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    progress += text;
  });
  const ended = new Promise<MigratorEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => {
      const line = said.trim().split("\n").at(-1) ?? "";
      resolve({
        status,
        signal,
        progress,
        outcome: line === "" ? undefined : outcome.parse(JSON.parse(line)),
      });
    });
  });
  return { child, ended };
}
