import type { CreateFunctionStmt, FunctionParameter, Node } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import { stringsOf, typeText } from "../syntax-names.js";
import type { Call } from "./read-calls.js";

type KnownFunction = {
  readonly schema: string | undefined;
  readonly types: string;
  readonly least: number;
  readonly most: number;
  readonly made: ParsedStatement;
};

/** The functions and procedures that a folder has made so far, by name. */
export class KnownFunctions {
  readonly #byName = new Map<string, readonly KnownFunction[]>();

  /** Puts a function in the place of one with the same name and parameters. */
  add({ funcname, parameters, is_procedure }: CreateFunctionStmt, made: ParsedStatement): void {
    const names = stringsOf(funcname);
    const all = (parameters ?? []).flatMap((one) =>
      "FunctionParameter" in one ? [one.FunctionParameter] : [],
    );
    // Those that a function gives back are not passed to it; to a procedure they may be.
    const taken = all.filter(({ mode }) => !isOut(mode));
    const isVariadic = taken.some(({ mode }) => mode === "FUNC_PARAM_VARIADIC");
    const passed = is_procedure === true ? all.length : taken.length;
    this.#put(names.at(-1) ?? "", {
      schema: names.at(-2),
      types: JSON.stringify(taken.map(({ argType }) => typeText(argType))),
      least: taken.filter(isDemanded).length,
      most: isVariadic ? Number.POSITIVE_INFINITY : passed,
      made,
    });
  }

  /** ALTER FUNCTION … RENAME TO: all overloads of the name, of which one is meant, can be called by either from then on. */
  rename(from: string, to: string): void {
    for (const known of this.#byName.get(from) ?? []) this.#put(to, known);
  }

  /**
   * Those that a call may mean. Which of several PostgreSQL would choose depends on types that are not known here: each of
   * them may be the one.
   */
  find({ schema, name, count }: Call): ParsedStatement[] {
    return (this.#byName.get(name) ?? [])
      .filter(
        (known) =>
          (schema === undefined || known.schema === undefined || known.schema === schema) &&
          (count === undefined || (known.least <= count && count <= known.most)),
      )
      .map(({ made }) => made);
  }

  #put(name: string, known: KnownFunction): void {
    const others = (this.#byName.get(name) ?? []).filter(
      ({ schema, types }) => schema !== known.schema || types !== known.types,
    );
    this.#byName.set(name, [...others, known]);
  }
}

function isOut(mode: FunctionParameter["mode"]): boolean {
  return mode === "FUNC_PARAM_OUT" || mode === "FUNC_PARAM_TABLE";
}

function isDemanded({ defexpr, mode }: FunctionParameter): boolean {
  return defexpr === undefined && mode !== "FUNC_PARAM_VARIADIC";
}

/** The old and the new name, if a statement renames a function. */
export function readFunctionRename(node: Node): { readonly from: string; readonly to: string } | undefined {
  if (!("RenameStmt" in node)) return undefined;
  const { renameType, object, newname } = node.RenameStmt;
  const isFunction = ["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"].includes(renameType ?? "");
  if (!isFunction || object === undefined || !("ObjectWithArgs" in object)) return undefined;
  const from = stringsOf(object.ObjectWithArgs.objname).at(-1);
  return from === undefined || newname === undefined ? undefined : { from, to: newname };
}
