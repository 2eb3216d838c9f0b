import { dirname, resolve } from "node:path";
import type { Environment } from "../core/environment.js";
import { parseEnvironment } from "../core/environment.js";
import { TenantryError } from "../core/errors.js";
import type { Logger } from "../core/logger.js";
import { silentLogger } from "../core/logger.js";
import type { Project } from "./project/project.js";
import { CONFIG_NAME, loadProject } from "./project/project.js";
import type { ProjectFacts } from "./project/project-facts.js";
import { readProjectFacts } from "./project/project-facts.js";

/** The options that every command takes. */
export type GlobalOptions = {
  readonly env?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
};

/** Where a command runs, and what it may use. */
export type Context = {
  readonly environment: Environment;
  /** True if somebody said so: development is also what it is when nobody says anything. */
  readonly isEnvironmentNamed: boolean;
  /** The folder of the configuration file: relative paths start here, and `.tenantry/` lies here. */
  readonly directory: string;
  readonly databaseUrl: string | undefined;
  /** What to call it in an error: the option or the variable that it came from. */
  readonly databaseUrlName: string;
  readonly variables: NodeJS.ProcessEnv;
  readonly json: boolean;
  /** True if a person can be asked. */
  readonly interactive: boolean;
  /** True if stdout is a terminal that shows colours, and nobody has asked for none (https://no-color.org). */
  readonly colour: boolean;
  readonly logger: Logger;
  /** Where the logger writes; nothing is written there if somebody has asked for quiet. */
  readonly stderr: Surroundings["stderr"];
  readonly quiet: boolean;
  /** Fires at Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Loads the configuration and the schema, once. */
  readonly loadProject: () => Promise<Project>;
  /** What configuration and schema say of a database, without loading them again if nothing has changed. */
  readonly readFacts: () => Promise<ProjectFacts>;
};

/** The streams and variables of a process, or what a test has put in their place. */
export type Surroundings = {
  readonly cwd: string;
  readonly variables: NodeJS.ProcessEnv;
  readonly stdin: { readonly isTTY?: boolean | undefined };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean | undefined };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean | undefined };
  readonly signal: AbortSignal;
};

/**
 * Puts together what a command may use.
 *
 * @throws TenantryError `environment-unknown`.
 */
export function createContext(options: GlobalOptions, around: Surroundings): Context {
  const configPath = resolve(around.cwd, options.config ?? CONFIG_NAME);
  const json = options.json ?? false;
  let project: Promise<Project> | undefined;
  const loadOnce = () => {
    project ??= loadProject(configPath);
    return project;
  };
  return {
    environment: readEnvironment(options.env, around.variables.TENANTRY_ENV),
    isEnvironmentNamed: (options.env ?? around.variables.TENANTRY_ENV ?? "") !== "",
    directory: dirname(configPath),
    databaseUrl: options.databaseUrl ?? around.variables.DATABASE_URL,
    databaseUrlName: options.databaseUrl === undefined ? "DATABASE_URL" : "--database-url",
    variables: around.variables,
    json,
    interactive: !json && around.stdin.isTTY === true && around.stderr.isTTY === true,
    colour: !json && showsColours(around),
    logger: options.quiet === true ? silentLogger : streamLogger(around.stderr),
    stderr: around.stderr,
    quiet: options.quiet === true,
    signal: around.signal,
    loadProject: loadOnce,
    readFacts: () => readProjectFacts(configPath, around.variables, loadOnce),
  };
}

function showsColours({ stdout, variables }: Surroundings): boolean {
  const unwanted = variables.NO_COLOR !== undefined && variables.NO_COLOR !== "";
  return stdout.isTTY === true && !unwanted && variables.TERM !== "dumb";
}

/** `--env "$STAGE"` with nothing in STAGE names no environment: it must not mean development. */
function readEnvironment(option: string | undefined, variable: string | undefined): Environment {
  if (option !== "") return parseEnvironment(option ?? variable);
  throw new TenantryError({
    code: "environment-unknown",
    message: "--env is given, but empty.",
    hint: "Name one of development, staging, production, or leave --env out.",
  });
}

/** Progress goes to stderr: stdout is for data. */
function streamLogger(stream: NodeJS.WritableStream): Logger {
  return {
    info: (message) => void stream.write(`${message}\n`),
    warn: (message) => void stream.write(`warning: ${message}\n`),
  };
}
