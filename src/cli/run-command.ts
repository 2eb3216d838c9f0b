import { z } from "zod";
import { TenantryError } from "../core/errors.js";
import { jsonLogger } from "../core/logger.js";
import type { AnyCommand, ExitCode, Outcome } from "./command.js";
import type { GlobalOptions, Surroundings } from "./context.js";
import { createContext } from "./context.js";
import { explainServerError } from "./explain-server-error.js";
import { logFailure } from "./json-log.js";
import { formatError, formatJson, formatJsonError, formatOutcome } from "./output.js";

const globalOptions = z.object({
  env: z.string().optional(),
  databaseUrl: z.string().optional(),
  config: z.string().optional(),
  json: z.boolean().optional(),
  quiet: z.boolean().optional(),
});

/**
 * Runs a command with the options that were typed, and writes what came of it.
 *
 * @returns the exit code; only bugs are thrown.
 */
export async function runCommand(
  definition: AnyCommand,
  options: Record<string, unknown>,
  around: Surroundings,
): Promise<ExitCode> {
  const global = globalOptions.parse(options);
  try {
    const outcome = await definition.run(
      createContext(global, around, { anyEnvironment: definition.anyEnvironment === true }),
      options,
    );
    writeOutcome(definition.name, outcome, { ...global, log: options.log }, around);
    return outcome.exitCode;
  } catch (thrown) {
    const error = explainServerError(thrown);
    const isOurs = error instanceof TenantryError;
    if (global.json === true) around.stdout.write(`${formatJsonError(definition.name, error)}\n`);
    if (options.log === "json") logFailure(error, (line) => void around.stderr.write(line));
    else if (global.json !== true || !isOurs) around.stderr.write(`${formatError(error)}\n`);
    return 2;
  }
}

function writeOutcome(
  name: string,
  outcome: Outcome,
  global: GlobalOptions & { readonly log: unknown },
  around: Surroundings,
): void {
  if (global.json === true) {
    around.stdout.write(`${formatJson(name, outcome)}\n`);
    return;
  }
  const log = jsonLogger((line) => void around.stderr.write(line));
  for (const warning of outcome.warnings ?? []) {
    if (global.log === "json") log.warn(warning);
    else around.stderr.write(`warning: ${warning}\n`);
  }
  const text = formatOutcome(outcome);
  if (text !== "") around.stdout.write(`${text}\n`);
}
