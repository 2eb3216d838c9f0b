import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { TenantryError } from "../../../core/errors.js";
import { throwIfStopped } from "../../../migrate/run/interrupted.js";
import { libpqConnection } from "../../shell/libpq-variables.js";
import { withPasswordFile } from "../../shell/password-file.js";
import { withoutSecrets } from "../../shell/without-secrets.js";

/** A program of PostgreSQL to run. */
export type ClientRun = {
  readonly path: string;
  readonly args: readonly string[];
  readonly url: URL;
  readonly variables: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
};

/**
 * Runs pg_dump or pg_restore. It learns where to connect from variables and the password from a file, so that no process list
 * and no environment shows it.
 *
 * @returns the exit status, and the lines that it wrote on stderr.
 * @throws TenantryError `interrupted`, and as `withPasswordFile`.
 */
export async function runClient({
  path,
  args,
  url,
  variables,
  signal,
}: ClientRun): Promise<{ readonly status: number | null; readonly lines: readonly string[] }> {
  throwIfStopped(signal);
  const connection = libpqConnection(url, withoutSecrets(variables), {});
  const run = async (more: NodeJS.ProcessEnv) => {
    const env = { PGAPPNAME: "tenantry backup", ...connection.variables, ...more, LC_ALL: "C" };
    const child = spawn(path, [...args, "--no-password"], { env, stdio: ["ignore", "ignore", "pipe"] });
    const stop = () => void child.kill("SIGTERM");
    signal?.addEventListener("abort", stop, { once: true });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-20_000);
    });
    try {
      const [status] = await once(child, "close");
      throwIfStopped(signal);
      return { status: typeof status === "number" ? status : null, lines: said.trim().split("\n") };
    } catch (thrown) {
      throwIfStopped(signal);
      throw new TenantryError({
        code: "dependency-missing",
        message: `${basename(path)} could not be run.`,
        hint: "Leave --format out: that needs nothing installed.",
        cause: thrown,
      });
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  };
  return connection.password === undefined
    ? await run({})
    : await withPasswordFile(connection.password, (file) => run({ PGPASSFILE: file }));
}
