import type { AnyCommand, CompletionValues } from "../../../src/cli/command.js";
import type { DescribedCommand, DescribedOption } from "../../../src/cli/describe-cli.js";
import { describeCommand, describeGlobalOptions } from "../../../src/cli/describe-cli.js";

/** The variables of the environment, and what each is for. */
const VARIABLES: Readonly<Record<string, string>> = {
  TENANTRY_ENV: "development, staging or production; without it, development",
  DATABASE_URL:
    "the migrator's login: direct, not through a pooler. In development the embedded server takes its place",
  SHADOW_DATABASE_URL:
    "a server on which throw-away databases and roles may be made; never the one of `DATABASE_URL`",
  SERVICE_DATABASE_URL:
    "the login of services; in development that of `.tenantry/service.env` takes its place",
  REDIS_URL: "Redis; in development `redis://127.0.0.1:6379` takes its place",
  CI: "set by most CI services: the embedded server may then be the shadow outside of development, too",
  PATH: "where psql and redis-cli are looked for",
  NO_COLOR: "set to anything: no colours",
};

/** Said at the top of the page; tests know by it that nobody writes the page by hand. */
const MARK = "<!-- Written by tenantry's command definitions: make docs-cli. Do not edit. -->";

/** The page of all commands, from their definitions (pure). */
export function writeCliPage(commands: readonly AnyCommand[]): string {
  const described = commands.map(describeCommand);
  return `${[
    MARK,
    "# Commands",
    [
      "`tenantry COMMAND [OPTIONS]`, or `npm run -s tenantry -- COMMAND` in this repository, or the Make target.",
      "`tenantry help COMMAND` shows the same as `tenantry COMMAND --help`. Data goes to stdout, progress to stderr.",
    ].join("\n"),
    list(described.map(({ name, summary }) => `[\`${name}\`](#${name}): ${prose(summary)}`)),
    "## Options of every command",
    table("Option", describeGlobalOptions().map(optionRow)),
    "`-h`, `--help` explains a command, `-v`, `--version` prints the version of tenantry. An option may stand before the\ncommand, too.",
    "## Environment",
    table(
      "Variable",
      Object.entries(VARIABLES).map(([name, what]) => [code(name), what]),
    ),
    "## Exit codes",
    "0: all is well. 1: findings, or something is pending. 2: refused, misused or failed; what to do about an error is in\n[operations.md](operations.md#errors). What differs stands with the command.",
    ...described.flatMap(writeCommand),
  ].join("\n\n")}\n`;
}

function writeCommand(command: DescribedCommand): string[] {
  const { name, summary, example, argument, options, exits, variables } = command;
  const synopsis = [
    name,
    ...options.map(
      ({ flags, long, value, short }) =>
        `[${short === undefined ? "" : `${short}|`}${long}${value === undefined ? "" : ` ${placeholderOf(flags)}`}]`,
    ),
    ...(argument === undefined ? [] : [`[${argument.name.toUpperCase()}]`]),
  ];
  const environment = ["TENANTRY_ENV", ...variables].map(code).join(", ");
  const rows = [
    ...(argument === undefined
      ? []
      : [[code(argument.name.toUpperCase()), describe(argument.description, argument.values)]]),
    ...options.map(optionRow),
  ];
  return [
    `## ${name}`,
    `${sentence(prose(summary))}`,
    fence("text", wrap(`tenantry ${synopsis.join(" ")}`)),
    ...(rows.length === 0 ? [] : [table("Argument or option", rows)]),
    "Exit codes:",
    list(([0, 1, 2] as const).map((exit) => `${exit}: ${prose(exits[exit])}`)),
    `Environment: ${environment}.`,
    fence("sh", `tenantry ${example}`),
  ];
}

function optionRow(option: DescribedOption): string[] {
  const { flags, description, fallback, repeatable, values } = option;
  const more = [
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
    ...(repeatable && !description.includes("repeated") ? ["may be repeated"] : []),
  ];
  return [code(flags), [describe(description, values), ...more].join("; ")];
}

/** The words that a value may be, where the description does not have them. */
function describe(description: string, values: CompletionValues | undefined): string {
  const words = typeof values === "object" ? values.filter((word) => !description.includes(word)) : [];
  return prose(words.length === 0 ? description : `${description} (${words.join(", ")})`);
}

function placeholderOf(flags: string): string {
  return /[<[].+$/.exec(flags)?.[0] ?? "";
}

/** `<` and `*` mean something in Markdown, and a bar ends a cell. */
function prose(text: string): string {
  return text.replaceAll(/[<>*_|]/g, "\\$&");
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

function table(heading: string, rows: readonly (readonly string[])[]): string {
  return [`| ${heading} | |`, "|---|---|", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}

function fence(language: string, text: string): string {
  return [`\`\`\`${language}`, text, "```"].join("\n");
}

/** Columns of a synopsis: what a terminal has. */
const WIDTH = 80;

function wrap(text: string): string {
  const lines: string[] = [];
  // An option and its value stay together.
  for (const word of text.match(/\[[^\]]*\]|\S+/g) ?? []) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `  ${word}`);
  }
  return lines.join("\n");
}
