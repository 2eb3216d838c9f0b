import type { CompletionValues } from "../command.js";
import type { CompletedOption, CompletionModel } from "./completion-model.js";
import { listOptions } from "./completion-model.js";
import { quoteShell } from "./quote-shell.js";

/** The script for bash, 3.2 or newer. It needs nothing of the package bash-completion, which only finds it. */
export function writeBashCompletion(model: CompletionModel): string {
  const taking = model.options.filter(({ value }) => value !== undefined).map(({ long }) => long);
  return `# Completion for tenantry in bash. Written by: tenantry completion bash

# The names of the migrations, of the project in this folder.
_tenantry_migrations() {
  local program
  if program=$(type -P -- "\${COMP_WORDS[0]}"); then :
  elif [[ -x node_modules/.bin/tenantry ]]; then program=node_modules/.bin/tenantry
  else return 0
  fi
  if [[ -n $1 ]]; then "$program" completion migrations --config "$1" 2>/dev/null
  else "$program" completion migrations 2>/dev/null
  fi
}

# Line by line, as they are: a name from the disk is never evaluated.
_tenantry_offer() {
  local line
  while IFS= read -r line; do
    [[ $line != "$2"* ]] && continue
    if [[ $1 == quoted ]]; then printf -v line %q "$line"; fi
    COMPREPLY+=("$line")
  done
}

_tenantry() {
  local current=\${COMP_WORDS[COMP_CWORD]} option="" command="" config="" candidates="" kind="" index word
  COMPREPLY=()
  # bash makes words of their own of the sign in --option=value.
  if [[ $current == "=" ]]; then
    option=\${COMP_WORDS[COMP_CWORD-1]} current=""
  elif [[ \${COMP_WORDS[COMP_CWORD-1]} == "=" ]] && ((COMP_CWORD > 1)); then
    option=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ \${COMP_WORDS[COMP_CWORD-1]} == -* ]]; then
    option=\${COMP_WORDS[COMP_CWORD-1]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case $word in
      ${taking.join("|")})
        ((index++))
        [[ \${COMP_WORDS[index]} == "=" ]] && ((index++))
        if [[ $word == --config ]] && ((index < COMP_CWORD)); then config=\${COMP_WORDS[index]}; fi ;;
      -*|=) ;;
      *) [[ -z $command ]] && command=$word ;;
    esac
  done
  case "$command $option" in
${listOptions(model)
  .filter(({ value }) => value !== undefined)
  .map(
    (each) =>
      `    ${patternOf(each)}) kind=${kindOf(each.values)} candidates=${quoteShell(wordsOf(each.values))} ;;`,
  )
  .join("\n")}
  esac
  if [[ -z $kind ]]; then
    kind=words
    if [[ $current == -* ]]; then
      case $command in
${model.commands.map(({ name, options }) => `        ${name}) candidates=${quoteShell(options.flatMap(flagsOf).join(" "))} ;;`).join("\n")}
        "") candidates='--version' ;;
      esac
      candidates="$candidates ${model.options.flatMap(flagsOf).join(" ")}"
    else
      case $command in
        "") candidates=${quoteShell(model.commands.map(({ name }) => name).join(" "))} ;;
${model.commands
  .filter(({ argument }) => argument !== undefined)
  .map(
    ({ name, argument }) =>
      `        ${name}) kind=${kindOf(argument)} candidates=${quoteShell(wordsOf(argument))} ;;`,
  )
  .join("\n")}
      esac
    fi
  fi
  case $kind in
    migrations) _tenantry_offer quoted "$current" < <(_tenantry_migrations "$config") ;;
    files|folders)
      # bash quotes what it takes for files by itself.
      compopt -o filenames 2>/dev/null
      if [[ $kind == files ]]; then _tenantry_offer plain "" < <(compgen -f -- "$current")
      else _tenantry_offer plain "" < <(compgen -d -- "$current")
      fi ;;
    words) _tenantry_offer plain "" < <(compgen -W "$candidates" -- "$current") ;;
  esac
}

complete -F _tenantry tenantry
`;
}

function patternOf({
  command,
  long,
  short,
}: CompletedOption & { readonly command: string | undefined }): string {
  const before = command === undefined ? "*" : command;
  return [long, ...(short === undefined ? [] : [short])].map((flag) => `${before}" ${flag}"`).join("|");
}

function flagsOf({ long, short }: CompletedOption): string[] {
  return [long, ...(short === undefined ? [] : [short])];
}

/** A value of which nothing is known completes to nothing, and not to the next command. */
function kindOf(values: CompletionValues | undefined): string {
  return values === undefined ? "nothing" : typeof values === "string" ? values : "words";
}

function wordsOf(values: CompletionValues | undefined): string {
  return typeof values === "object" ? values.join(" ") : "";
}
