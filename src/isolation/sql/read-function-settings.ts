import type { Node } from "libpg-query";
import type { SetStatement } from "./set-settings.js";
import { partsOf, stringsOf } from "./syntax-names.js";

/** What a statement says of the settings with which a function runs. */
export type FunctionSettings = {
  /** The last part of its name. */
  readonly name: string;
  /** True if it begins anew: what was set before is not any more. */
  readonly isNew: boolean;
  readonly sets: readonly SetStatement[];
};

/** CREATE, ALTER and DROP FUNCTION, as far as they are about settings. */
export function readFunctionSettings(node: Node): FunctionSettings[] {
  if ("CreateFunctionStmt" in node) {
    const { funcname, options } = node.CreateFunctionStmt;
    return [{ name: stringsOf(funcname).at(-1) ?? "", isNew: true, sets: setsOf(options) }];
  }
  if ("AlterFunctionStmt" in node) {
    const { func, actions } = node.AlterFunctionStmt;
    return [{ name: stringsOf(func?.objname).at(-1) ?? "", isNew: false, sets: setsOf(actions) }];
  }
  if (!("DropStmt" in node)) return [];
  const { objects, removeType } = node.DropStmt;
  if (!["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"].includes(removeType ?? "")) return [];
  return (objects ?? []).map((object) => ({
    name:
      ("ObjectWithArgs" in object ? stringsOf(object.ObjectWithArgs.objname) : partsOf(object)).at(-1) ?? "",
    isNew: true,
    sets: [],
  }));
}

function setsOf(options: readonly Node[] | undefined): SetStatement[] {
  return (options ?? []).flatMap((option) => {
    const arg = "DefElem" in option && option.DefElem.defname === "set" ? option.DefElem.arg : undefined;
    return arg !== undefined && "VariableSetStmt" in arg ? [arg.VariableSetStmt] : [];
  });
}
