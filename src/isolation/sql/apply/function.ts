import type { DefElem, Node } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import type { FunctionState, SchemaState } from "../schema-state.js";
import { firstSchema, listedName, roleName, stringsOf, typeText, valueText } from "../syntax-names.js";
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
  const [bare = "", schema = firstSchema(state)] = stringsOf(node.funcname).reverse();
  const name = { schema, name: bare };
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
    ...UNTOUCHED,
    isTrigger: ["trigger", "event_trigger"].includes(typeText(node.returnType)),
    publicExecute: earlier?.publicExecute ?? !state.functionsClosed,
    executors: earlier?.executors ?? new Set(),
    owner: earlier?.owner,
    created: statement.text,
    at: statement,
  };
  return putFunction(state, optionsOf(node.options).reduce(applyOption, fresh));
};

/** ALTER FUNCTION … SECURITY DEFINER, SET search_path, LEAKPROOF. */
export const applyAlterFunction: Effect<Content<"AlterFunctionStmt">> = (node, state, statement) => {
  const object = node.func === undefined ? undefined : { ObjectWithArgs: node.func };
  const named = functionsNamed(object, state).map(([, made]) => made);
  const all = named.length > 0 ? named : strangers(object, state, statement);
  return all.reduce(
    (so, made) =>
      putFunction(so, {
        ...optionsOf(node.actions).reduce(applyOption, made),
        created: undefined,
        at: statement,
      }),
    state,
  );
};

/** ALTER FUNCTION … OWNER TO. */
export const applyFunctionOwner: Effect<Content<"AlterOwnerStmt">> = (node, state, statement) =>
  functionsNamed(node.object, state).reduce(
    (so, [, made]) => putFunction(so, { ...made, owner: roleName(node.newowner), at: statement }),
    state,
  );

/** A function that the folder does not create: what is not known of it is taken to be as PostgreSQL makes it. */
function strangers(object: Node | undefined, state: SchemaState, at: ParsedStatement): FunctionState[] {
  if (object === undefined || !("ObjectWithArgs" in object)) return [];
  const name = listedName(stringsOf(object.ObjectWithArgs.objname), state);
  const types = (object.ObjectWithArgs.objargs ?? []).map((type) =>
    "TypeName" in type ? typeText(type.TypeName) : "",
  );
  return [{ ...UNTOUCHED, ...name, parameters: types.join(","), publicExecute: true, at }];
}

const UNTOUCHED = {
  definer: false,
  leakproof: false,
  isTrigger: false,
  searchPath: undefined,
  executors: new Set<string>(),
  owner: undefined,
  created: undefined,
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
  return { ...made, searchPath: (args ?? []).map(valueText) };
}
