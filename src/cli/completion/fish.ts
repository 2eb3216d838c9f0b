import type { CompletionValues } from "../command.js";
import type { CompletedOption, CompletionModel } from "./completion-model.js";

/** The script for fish, 3.0 or newer. */
export function writeFishCompletion(model: CompletionModel): string {
  const taking = model.options.filter(({ value }) => value !== undefined).map(({ long }) => long);
  const lines = [
    ...model.options.map((option) => `complete -c tenantry ${flagsOf(option)}`),
    `complete -c tenantry -n 'not __tenantry_command' -s v -l version -d 'output the version number'`,
    ...model.commands.flatMap(({ name, summary, argument, options }) => [
      `complete -c tenantry -n 'not __tenantry_command' -a ${name} -d ${quoteFish(summary)}`,
      ...(argument === undefined
        ? []
        : [`complete -c tenantry -n '__tenantry_in ${name}' ${candidatesOf(argument)}`]),
      ...options.map((option) => `complete -c tenantry -n '__tenantry_in ${name}' ${flagsOf(option)}`),
    ]),
  ];
  return `# Completion for tenantry in fish. Written by: tenantry completion fish

# The command that stands on the line before the cursor; fails if there is none.
function __tenantry_command
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case ${taking.join(" ")}
                set -e words[1]
            case '-*'
            case '*'
                echo $words[1]
                return 0
        end
        set -q words[1]; and set -e words[1]
    end
    return 1
end

function __tenantry_in
    set -l command (__tenantry_command); and test "$command" = "$argv[1]"
end

# The names of the migrations, of the project in this folder.
function __tenantry_migrations
    if command -q tenantry
        command tenantry completion migrations 2>/dev/null
    else if test -x node_modules/.bin/tenantry
        node_modules/.bin/tenantry completion migrations 2>/dev/null
    end
end

complete -c tenantry -e
complete -c tenantry -f
${lines.join("\n")}
`;
}

function flagsOf({ long, short, value, description, values }: CompletedOption): string {
  const parts = [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    `-l ${long.slice(2)}`,
    ...(value === undefined ? [] : ["-r", candidatesOf(values)]),
    `-d ${quoteFish(description)}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function candidatesOf(values: CompletionValues | undefined): string {
  switch (values) {
    case undefined:
      return "-f";
    case "files":
      return "-F";
    case "folders":
      return "-f -a '(__fish_complete_directories)'";
    case "migrations":
      return "-f -a '(__tenantry_migrations)'";
    default:
      return `-f -a ${quoteFish(values.join(" "))}`;
  }
}

/** Between single quotes fish knows two escapes. */
function quoteFish(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
