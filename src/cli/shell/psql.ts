import type { ExitCode } from "../command.js";
import { libpqConnection } from "./libpq-variables.js";
import { withPasswordFile } from "./password-file.js";
import { runInherited } from "./run-inherited.js";
import type { ShellTarget } from "./shell-target.js";
import { withoutSecrets } from "./without-secrets.js";

/** How psql is run. */
export type PsqlOptions = {
  /** Where it is. */
  readonly path: string;
  readonly target: ShellTarget;
  /** One statement to run instead of a session. */
  readonly command: string | undefined;
  /** True if a person types; a script stops at its first error. */
  readonly interactive: boolean;
  readonly variables: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
};

/**
 * Runs psql on our terminal. It learns where to connect from variables and the password from a file, so that no
 * process list and no environment shows it; `~/.psqlrc` and all else that is the user's own stays in force.
 *
 * @throws TenantryError `dependency-missing`, and as `withPasswordFile`.
 */
export async function runPsql(options: PsqlOptions): Promise<ExitCode> {
  const { path, target, command, interactive, signal } = options;
  // A setting for the whole session, which services must never use: this connection is the shell's alone, not a pool's.
  const connection = libpqConnection(target.url, withoutSecrets(options.variables), target.settings);
  if (connection.ignored.length > 0)
    options.warn(`psql was not told these parameters of the URL: ${connection.ignored.join(", ")}`);
  const args = [
    ...(interactive && command === undefined ? [] : ["-v", "ON_ERROR_STOP=1"]),
    ...promptArgs(target.label),
    ...(command === undefined ? [] : ["-c", command]),
  ];
  const run = (more: NodeJS.ProcessEnv) =>
    runInherited({
      path,
      args,
      variables: { PGAPPNAME: "tenantry shell", ...connection.variables, ...more },
      signal,
    });
  return connection.password === undefined
    ? await run({})
    : await withPasswordFile(connection.password, (file) => run({ PGPASSFILE: file }));
}

/** psql's own prompt with the label behind the database; `%` would start one of its codes. */
function promptArgs(label: string): string[] {
  if (label === "") return [];
  const prompt = `%/ ${label.replaceAll("%", "%%")}%R%x%# `;
  return ["-v", `PROMPT1=${prompt}`, "-v", `PROMPT2=${prompt}`];
}
