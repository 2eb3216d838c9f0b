import { type ChildProcess, spawn } from "node:child_process";

/** How a command ended, and what it wrote. */
export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

/** What to run, where, and as whom. */
export type Command = {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** On top of what this process has; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Another user; only root can be one. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
};

/** What this run's make, npm and vitest leave in the environment, and what a person may have set for their own work. */
const FOREIGN =
  /^(npm_(?!config_)|npm_config_local_prefix|INIT_CWD|VITEST|NODE_ENV|NODE_OPTIONS|NODE_V8_COVERAGE|MAKE|MFLAGS|ARGS$|NAME$|FILE$|TEST|TENANTRY_|(SHADOW_|SERVICE_)?DATABASE_URL|REDIS_URL|PG|NO_COLOR|FORCE_COLOR|JITI_)/;

/** Starts a command without input, in an environment that knows nothing of this run. */
export function startCommand(command: Command): {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
} {
  const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const child = spawn(command.program, [...command.args], {
    cwd: command.cwd,
    env: { ...Object.fromEntries(inherited), ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...command.account,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs a command to its end. */
export async function runCommand(command: Command): Promise<Ended> {
  return await startCommand(command).ended;
}

/**
 * Runs a command that a test only needs the effect of.
 *
 * @throws Error with what it wrote, if it does not end with 0.
 */
export async function mustRun(command: Command): Promise<Ended> {
  const ended = await runCommand(command);
  if (ended.status === 0) return ended;
  throw new Error(
    `${command.program} ${command.args.join(" ")} ended with ${ended.status}:\n${ended.stdout}${ended.stderr}`,
  );
}
