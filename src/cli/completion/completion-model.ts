import type { AnyCommand, CompletionValues } from "../command.js";
import type { DescribedOption } from "../describe-cli.js";
import { describeCommand, describeGlobalOptions } from "../describe-cli.js";

/** An option as a shell needs it. */
export type CompletedOption = Pick<DescribedOption, "long" | "short" | "value" | "description" | "values">;

/** A command as a shell needs it. */
export type CompletedCommand = {
  readonly name: string;
  readonly summary: string;
  readonly argument: CompletionValues | undefined;
  /** Its own; those of all commands are elsewhere. */
  readonly options: readonly CompletedOption[];
};

/** All that a script is written from. */
export type CompletionModel = {
  readonly commands: readonly CompletedCommand[];
  /** For all commands. */
  readonly options: readonly CompletedOption[];
};

/** Shells for which there is a script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** Takes it from the definitions of the commands; `help` and `--help` are commander's own. */
export function createCompletionModel(commands: readonly AnyCommand[]): CompletionModel {
  const help = {
    name: "help",
    summary: "display help for a command",
    argument: commands.map(({ name }) => name),
    options: [],
  };
  return {
    commands: [
      ...commands.map((command) => {
        const { name, summary, options } = describeCommand(command);
        return { name, summary, argument: command.argument?.values, options };
      }),
      help,
    ],
    options: [
      ...describeGlobalOptions(),
      { long: "--help", short: "-h", value: undefined, description: "display help", values: undefined },
    ],
  };
}

/** Every option, with the command that it belongs to; undefined for those of all. */
export function listOptions(
  model: CompletionModel,
): (CompletedOption & { readonly command: string | undefined })[] {
  return [
    ...model.options.map((option) => ({ ...option, command: undefined })),
    ...model.commands.flatMap(({ name, options }) => options.map((option) => ({ ...option, command: name }))),
  ];
}
