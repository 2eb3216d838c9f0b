import type { Node } from "libpg-query";
import type { FunctionState, SchemaState } from "../schema-state.js";
import { withEntry } from "../schema-state.js";
import { listedName, stringsOf, typeText } from "../syntax-names.js";

/** The key of one overload. */
function functionKey(made: Pick<FunctionState, "schema" | "name" | "parameters">): string {
  return JSON.stringify([made.schema, made.name, made.parameters]);
}

/** Puts a function in the place of what stood under its name and parameters. */
export function putFunction(state: SchemaState, made: FunctionState): SchemaState {
  return { ...state, functions: withEntry(state.functions, functionKey(made), made) };
}

/** Moves a function to another name or schema. */
export function moveFunction(
  state: SchemaState,
  key: string,
  to: Partial<Pick<FunctionState, "schema" | "name">>,
): SchemaState {
  const made = state.functions.get(key);
  return made === undefined ? state : putFunction(removeFunction(state, key), { ...made, ...to });
}

/** Takes a function away. */
export function removeFunction(state: SchemaState, key: string): SchemaState {
  return { ...state, functions: withEntry(state.functions, key, undefined) };
}

/** The function that stands under a name and parameters. */
export function findFunction(
  state: SchemaState,
  made: Pick<FunctionState, "schema" | "name" | "parameters">,
): FunctionState | undefined {
  return state.functions.get(functionKey(made));
}

/** The functions that a statement names: one overload, or all of them if it leaves out the parameters. */
export function functionsNamed(object: Node | undefined, state: SchemaState): [string, FunctionState][] {
  if (object === undefined || !("ObjectWithArgs" in object)) return [];
  const { objname, objargs, args_unspecified } = object.ObjectWithArgs;
  const { schema, name } = listedName(stringsOf(objname), state);
  const parameters = (objargs ?? [])
    .map((type) => ("TypeName" in type ? typeText(type.TypeName) : ""))
    .join(",");
  return [...state.functions].filter(
    ([, made]) =>
      made.schema === schema &&
      made.name === name &&
      (args_unspecified === true || made.parameters === parameters),
  );
}
