import { Option } from "commander";
import { z } from "zod";
import type { AnyCommand, CompletionValues, OptionDefinition } from "./command.js";
import { GLOBAL_OPTIONS } from "./global-options.js";

/** An option, taken apart. */
export type DescribedOption = {
  /** As it was defined, such as `-c, --command <sql>`. */
  readonly flags: string;
  /** With its dashes. */
  readonly long: string;
  readonly short: string | undefined;
  /** What stands for its value, such as `name`; undefined if it takes none. */
  readonly value: string | undefined;
  readonly description: string;
  /** What it is if nobody gives it, where the description does not say so. */
  readonly fallback: string | undefined;
  readonly repeatable: boolean;
  readonly values: CompletionValues | undefined;
};

/** A command for whoever writes about it: the pages, and the scripts of shells. */
export type DescribedCommand = Pick<AnyCommand, "name" | "summary" | "example"> & {
  readonly argument: AnyCommand["argument"] | undefined;
  readonly options: readonly DescribedOption[];
  readonly variables: readonly string[];
  readonly exits: Readonly<Record<0 | 1 | 2, string>>;
};

/** The options that every command takes. */
export function describeGlobalOptions(): DescribedOption[] {
  return GLOBAL_OPTIONS.map((option) => describeOption(option, undefined));
}

/** What a command's definition says, with every default filled in. */
export function describeCommand(command: AnyCommand): DescribedCommand {
  const { name, summary, example, argument, options, input, variables = [], exits = {} } = command;
  return {
    name,
    summary,
    example,
    argument,
    options: options.map((option) => describeOption(option, input)),
    variables,
    exits: { ...USUAL_EXITS, ...exits },
  };
}

const USUAL_EXITS = {
  0: "all is well",
  1: "findings, or something is pending",
  2: "refused, misused or failed",
} as const;

function describeOption(option: OptionDefinition, input: z.ZodType | undefined): DescribedOption {
  const { flags, description, repeatable = false, values } = option;
  const parsed = new Option(flags);
  const fallback = /\bdefault\b/.test(description) ? undefined : readDefault(input, parsed.attributeName());
  return {
    flags,
    long: parsed.long ?? flags,
    short: parsed.short,
    value: parsed.required || parsed.optional ? /[<[](.+?)[>\]]/.exec(flags)?.[1] : undefined,
    description,
    fallback,
    repeatable,
    values,
  };
}

/** The default that the schema of a command's input gives to a text or a number. */
function readDefault(input: z.ZodType | undefined, key: string): string | undefined {
  const field: unknown = input instanceof z.ZodObject ? input.shape[key] : undefined;
  const value: unknown = field instanceof z.ZodDefault ? field.def.defaultValue : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
