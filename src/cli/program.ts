import { Command, CommanderError, Option } from "commander";
import { TenantryError } from "../core/errors.js";
import type { AnyCommand, ExitCode } from "./command.js";
import type { CommandLine } from "./commands.js";
import { COMMAND_LINES, COMMAND_NAMES, loadCommands } from "./commands.js";
import type { Surroundings } from "./context.js";
import { GLOBAL_OPTIONS } from "./global-options.js";
import { formatError, formatJsonError } from "./output.js";
import { readPackageVersion } from "./package-version.js";

/**
 * Runs one command line.
 *
 * @param argv the arguments after `tenantry`.
 * @returns the exit code; nothing is thrown.
 */
export async function runProgram(argv: readonly string[], around: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command("tenantry")
    .description("Multi-tenant PostgreSQL for Drizzle: every row behind its creator.")
    .version(readPackageVersion(), "-v, --version")
    // `tenantry --json status` means the same as `tenantry status --json`.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void around.stdout.write(text),
      writeErr: (text) => void (argv.includes("--json") || around.stderr.write(text)),
      // reportUsage() says it, as every other error is said.
      outputError: () => {},
    })
    .exitOverride();
  for (const { flags, description } of GLOBAL_OPTIONS) program.option(flags, description);
  const loaded = new Map((await loadCommands(neededCommands(argv))).map((each) => [each.name, each]));
  for (const line of COMMAND_LINES) {
    const definition = loaded.get(line.name);
    if (definition === undefined) listCommand(program, line);
    else {
      addCommand(program, definition, async (options) => {
        // Not needed to list the commands, and longer to load than all else that does.
        const { runCommand } = await import("./run-command.js");
        exitCode = await runCommand(definition, options, around);
      });
    }
  }
  try {
    if (argv.length === 0) {
      around.stderr.write(program.helpInformation());
      return 2;
    }
    await program.parseAsync([...explainedCommand(argv)], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return reportUsage(thrown, argv, around);
    throw thrown;
  }
}

/** The command that is called or explained; all of them where options come first, and none to list them. */
function neededCommands(argv: readonly string[]): readonly string[] {
  const [first = "", second = ""] = argv;
  if (["-v", "--version", "-h", "--help"].includes(first)) return [];
  if (first.startsWith("-")) return COMMAND_NAMES;
  return [first === "help" ? second : first];
}

/** `help statsu` would show the help of all: it is refused as `statsu` is, with the command that may be meant. */
function explainedCommand(argv: readonly string[]): readonly string[] {
  const [first, second] = argv;
  if (first !== "help" || second === undefined || second.startsWith("-")) return argv;
  if (second === "help") return [second];
  return COMMAND_NAMES.includes(second) ? argv : [second];
}

/** A command that is only there to be listed, or suggested. */
function listCommand(program: Command, { name, summary, argument }: CommandLine): void {
  const command = program.command(name).description(summary);
  if (argument !== undefined) command.argument(`[${argument}]`);
  for (const { flags, description } of GLOBAL_OPTIONS) command.option(flags, description);
}

type Action = (options: Record<string, unknown>) => Promise<void>;

function addCommand(program: Command, definition: AnyCommand, action: Action): void {
  const command = program
    .command(definition.name)
    .description(definition.summary)
    .addHelpText("after", `\nExample:\n  tenantry ${definition.example}`);
  if (definition.argument !== undefined) {
    command.argument(`[${definition.argument.name}]`, definition.argument.description);
  }
  for (const { flags, description, repeatable } of definition.options) {
    const option = new Option(flags, description);
    if (repeatable === true)
      option.default([], "none").argParser((value: string, all: string[]) => [...all, value]);
    command.addOption(option);
  }
  for (const { flags, description } of GLOBAL_OPTIONS) command.option(flags, description);
  command.action(async () => {
    const options: Record<string, unknown> = { ...program.opts(), ...command.opts() };
    const argument = definition.argument === undefined ? {} : { [definition.argument.name]: command.args[0] };
    await action({ ...options, ...argument });
  });
}

/** Says what commander could not make sense of, in the form of every other error. */
function reportUsage(thrown: CommanderError, argv: readonly string[], around: Surroundings): ExitCode {
  if (thrown.exitCode === 0) return 0;
  const command = argv.find((argument) => COMMAND_NAMES.includes(argument));
  const error = new TenantryError({
    code: "argument-invalid",
    message: describeUsage(thrown, argv),
    hint:
      command === undefined
        ? 'Run "tenantry --help" for the commands.'
        : `Run "tenantry ${command} --help" for its options.`,
  });
  if (argv.includes("--json")) {
    const name = command ?? argv.find((argument) => !argument.startsWith("-")) ?? "";
    around.stdout.write(`${formatJsonError(name, error)}\n`);
  } else around.stderr.write(`${formatError(error)}\n`);
  return 2;
}

/** `error: unknown option '--jsn'\n(Did you mean --json?)` as sentences. */
function describeUsage(thrown: CommanderError, argv: readonly string[]): string {
  if (thrown.code === "commander.help") {
    const unknown = argv.find((argument) => !argument.startsWith("-") && argument !== "help");
    return unknown === undefined ? "A command is missing." : `Unknown command '${unknown}'.`;
  }
  const [what = "", suggestion] = thrown.message.replace(/^error: /, "").split("\n");
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1)}`.replace(/\.?$/, ".");
  return suggestion === undefined ? sentence : `${sentence} ${suggestion.replace(/^\(|\)$/g, "")}`;
}
