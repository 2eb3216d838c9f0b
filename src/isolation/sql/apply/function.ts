import type { DefElem, Node } from "libpg-query";
import type { FunctionState } from "../schema-state.js";
import { listedName, stringsOf, typeText, valueText } from "../syntax-names.js";
import type { Content, Effect } from "./effect.js";
import { findFunction, functionsNamed, putFunction } from "./function-key.js";

const INPUT_MODES: ReadonlySet<string> = new Set([
  "FUNC_PARAM_DEFAULT",
  "FUNC_PARAM_IN",
  "FUNC_PARAM_INOUT",
  "FUNC_PARAM_VARIADIC",
]);

/** CREATE FUNCTION. Replacing one keeps its grants and nothing else. */
export const applyCreateFunction: Effect<Content<"CreateFunctionStmt">> = (node, state, statement) => {
  const name = listedName(stringsOf(node.funcname), state);
  const parameters = (node.parameters ?? [])
    .flatMap((parameter) =>
      "FunctionParameter" in parameter && INPUT_MODES.has(parameter.FunctionParameter.mode ?? "")
        ? [typeText(parameter.FunctionParameter.argType)]
        : [],
    )
    .join(",");
  const earlier = findFunction(state, { ...name, parameters });
  const fresh: FunctionState = {
    ...name,
    parameters,
    definer: false,
    leakproof: false,
    isTrigger: ["trigger", "event_trigger"].includes(typeText(node.returnType)),
    searchPath: undefined,
    publicExecute: earlier?.publicExecute ?? !state.functionsClosed,
    at: statement,
  };
  return putFunction(state, optionsOf(node.options).reduce(applyOption, fresh));
};

/** ALTER FUNCTION … SECURITY DEFINER, SET search_path, LEAKPROOF. */
export const applyAlterFunction: Effect<Content<"AlterFunctionStmt">> = (node, state, statement) => {
  const named = functionsNamed(node.func === undefined ? undefined : { ObjectWithArgs: node.func }, state);
  return named.reduce(
    (so, [, made]) =>
      putFunction(so, { ...optionsOf(node.actions).reduce(applyOption, made), at: statement }),
    state,
  );
};

function optionsOf(nodes: readonly Node[] | undefined): DefElem[] {
  return (nodes ?? []).flatMap((node) => ("DefElem" in node ? [node.DefElem] : []));
}

function applyOption(made: FunctionState, option: DefElem): FunctionState {
  const on = valueText(option.arg) === "true";
  if (option.defname === "security") return { ...made, definer: on };
  if (option.defname === "leakproof") return { ...made, leakproof: on };
  if (option.defname !== "set" || option.arg === undefined || !("VariableSetStmt" in option.arg)) return made;
  const { kind, name, args } = option.arg.VariableSetStmt;
  if (kind === "VAR_RESET_ALL") return { ...made, searchPath: undefined };
  if (name !== "search_path") return made;
  if (kind !== "VAR_SET_VALUE") return { ...made, searchPath: undefined };
  return { ...made, searchPath: (args ?? []).flatMap((arg) => valueText(arg).split(",").map(unquote)) };
}

function unquote(name: string): string {
  return name.trim().replace(/^"(.*)"$/, "$1");
}
