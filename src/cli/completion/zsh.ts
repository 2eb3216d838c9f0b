import type { CompletionValues } from "../command.js";
import type { CompletedCommand, CompletedOption, CompletionModel } from "./completion-model.js";
import { quoteShell } from "./quote-shell.js";

/** The script for zsh: a function that its completion loads from a folder of `fpath`, or that is sourced. */
export function writeZshCompletion(model: CompletionModel): string {
  return `#compdef tenantry
# Completion for tenantry in zsh. Written by: tenantry completion zsh

# The names of the migrations, of the project in this folder.
_tenantry_migrations() {
  local program=\${commands[tenantry]:-node_modules/.bin/tenantry}
  local -a names
  [[ -x $program ]] || return 1
  names=(\${(f)"$("$program" completion migrations \${_tenantry_config:+--config} $_tenantry_config 2>/dev/null)"})
  compadd -a names
}

_tenantry() {
  local context state state_descr line _tenantry_config
  local -A opt_args
  _arguments -C \\
    {-v,--version}${quoteShell("[output the version number]")} \\
${specsOf(model.options)} \\
    ${quoteShell("1:command:->command")} \\
    ${quoteShell("*::argument:->arguments")} && return 0
  _tenantry_config=\${opt_args[--config]}
  case $state in
    command)
      local -a names=(
${model.commands.map(({ name, summary }) => `        ${quoteShell(`${name}:${summary}`)}`).join("\n")}
      )
      _describe -t commands command names ;;
    arguments)
      case $line[1] in
${model.commands.map((command) => caseOf(command, model.options)).join("\n")}
      esac ;;
  esac
}

if [[ $funcstack[1] == _tenantry ]]; then _tenantry "$@"; else compdef _tenantry tenantry; fi
`;
}

function caseOf({ name, argument, options }: CompletedCommand, all: readonly CompletedOption[]): string {
  const positional =
    argument === undefined ? "" : ` \\\n    ${quoteShell(`1:${name}:${actionOf(argument)}`)}`;
  return `        ${name}) _arguments -s \\\n${specsOf([...options, ...all])}${positional} ;;`;
}

/** Options as `_arguments` takes them; each may be given again, as the last one counts. */
function specsOf(options: readonly CompletedOption[]): string {
  return options
    .map(({ long, short, value, description, values }) => {
      const what = `[${description.replaceAll(/[[\]\\]/g, "\\$&")}]`;
      const taken = value === undefined ? "" : `:${value.replaceAll(":", "\\:")}:${actionOf(values)}`;
      // With the sign, so that both --option value and --option=value are completed.
      const word = `*${long}${value === undefined ? "" : "="}${what}${taken}`;
      const letter = short === undefined ? "" : ` \\\n    ${quoteShell(`*${short}${what}${taken}`)}`;
      return `    ${quoteShell(word)}${letter}`;
    })
    .join(" \\\n");
}

function actionOf(values: CompletionValues | undefined): string {
  switch (values) {
    case undefined:
      return " ";
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "migrations":
      return "_tenantry_migrations";
    default:
      return `(${values.join(" ")})`;
  }
}
