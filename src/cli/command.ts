import type { z } from "zod";
import type { Finding } from "../core/finding.js";
import type { Context } from "./context.js";
import { parseInput } from "./parse-input.js";

/** 0 fine, 1 findings or pending work, 2 refused, misused or failed. */
export type ExitCode = 0 | 1 | 2;

/** What a command has to say. */
export type Outcome = {
  readonly exitCode: ExitCode;
  /** For programs: what `--json` prints under `data`. */
  readonly data: unknown;
  /** For people: what goes to stdout without `--json`. */
  readonly text?: string;
  readonly findings?: readonly Finding[];
  readonly warnings?: readonly string[];
};

/** What a shell offers where a value is typed: these words, names of files or folders, or those of migrations. */
export type CompletionValues = readonly string[] | "files" | "folders" | "migrations";

/** One option of a command, as commander takes it. */
export type OptionDefinition = {
  /** Such as `--rename <old=new>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given more than once; the value is then an array. */
  readonly repeatable?: boolean;
  /** Of its value; left out where a shell cannot know. */
  readonly values?: CompletionValues;
};

/** One command: its face on the command line, and what it does. */
export type CommandDefinition<Input> = {
  readonly name: string;
  /** One line, for `--help`. */
  readonly summary: string;
  /** A command line that works, without the leading `tenantry`. */
  readonly example: string;
  readonly argument?: {
    readonly name: string;
    readonly description: string;
    readonly values?: CompletionValues;
  };
  readonly options: readonly OptionDefinition[];
  /** Variables of the environment that it reads, besides TENANTRY_ENV; for the pages. */
  readonly variables?: readonly string[];
  /** What its exit codes mean where it is not what they usually mean; for the pages. */
  readonly exits?: Readonly<Partial<Record<ExitCode, string>>>;
  /** Parses the options by their camelCase names, and the argument by its own. */
  readonly input: z.ZodType<Input>;
  /** True if it runs in an environment that does not exist, which then has no liberties: it is to say so itself. */
  readonly anyEnvironment?: boolean;
  readonly run: (context: Context, input: Input) => Promise<Outcome>;
};

/** A command whose input's type nobody needs to know. */
export type AnyCommand = CommandDefinition<unknown>;

/** Defines a command; its input's type follows from its schema. */
export function defineCommand<Input>(definition: CommandDefinition<Input>): AnyCommand {
  return {
    ...definition,
    run: async (context, input) => await definition.run(context, parseInput(definition, input)),
  };
}

/** On every command that changes something. */
export const DRY_RUN: OptionDefinition = {
  flags: "--dry-run",
  description: "print the SQL and change nothing",
};
