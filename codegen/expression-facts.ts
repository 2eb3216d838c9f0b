import { isDeepStrictEqual } from "node:util";
import type { Tree } from "./sql-parser.js";
import { dig, digList, findNodes } from "./sql-parser.js";

/** A call of `current_setting`; the name is undefined if it is no literal. */
export type SettingCall = { readonly name: string | undefined; readonly argumentCount: number };

/** The parts of an expression that are ANDed, or ORed, at its top. */
function partsOf(tree: Tree, operator: "AND_EXPR" | "OR_EXPR"): readonly Tree[] {
  if (dig(tree, "BoolExpr", "boolop") !== operator) return [tree];
  return digList(tree, "BoolExpr", "args").flatMap((part) => partsOf(part, operator));
}

/** Every group of ORed parts, wherever it stands. */
export function disjunctions(tree: Tree): (readonly Tree[])[] {
  return findNodes(tree, "BoolExpr")
    .filter((node) => dig(node, "boolop") === "OR_EXPR")
    .map((node) => partsOf({ BoolExpr: node }, "OR_EXPR"));
}

/** The calls of `current_setting` in an expression. */
export function settingCalls(tree: Tree): SettingCall[] {
  return findNodes(tree, "FuncCall")
    .filter((call) => lastName(digList(call, "funcname")) === "current_setting")
    .map((call) => {
      const parameters = digList(call, "args");
      return { name: constantText(parameters[0]), argumentCount: parameters.length };
    });
}

/** True if an expression reads this setting. */
export function readsSetting(tree: Tree, setting: string): boolean {
  return settingCalls(tree).some(({ name }) => name?.toLowerCase() === setting.toLowerCase());
}

/** True if an expression mentions a column of this name, of whatever table. */
export function mentionsColumn(tree: Tree, column: string): boolean {
  return findNodes(tree, "ColumnRef").some((reference) => lastName(digList(reference, "fields")) === column);
}

/** True if an expression is a column of this name and nothing else. */
export function isColumn(tree: Tree, column: string): boolean {
  return lastName(digList(tree, "ColumnRef", "fields")) === column;
}

/** The comparisons by `=` in an expression, each as its two sides. */
export function equalities(tree: Tree): (readonly [Tree, Tree])[] {
  return findNodes(tree, "A_Expr")
    .filter((node) => dig(node, "kind") === "AEXPR_OP" && lastName(digList(node, "name")) === "=")
    .map((node) => [dig(node, "lexpr"), dig(node, "rexpr")] as const);
}

/** The text of a string constant, cast or not. */
export function constantText(tree: Tree): string | undefined {
  const text = dig(bare(tree), "A_Const", "sval", "sval");
  return typeof text === "string" ? text : undefined;
}

/** True for a constant, cast or not; NULL is none. */
export function isConstant(tree: Tree): boolean {
  const constant = dig(bare(tree), "A_Const");
  return constant !== undefined && dig(constant, "isnull") !== true;
}

/** True if an expression lets every row through, whatever the row and the context are. */
export function isAlwaysTrue(tree: Tree, notNullColumns: readonly string[]): boolean {
  const parts = digList(tree, "BoolExpr", "args");
  const operator = dig(tree, "BoolExpr", "boolop");
  if (operator === "OR_EXPR") return parts.some((part) => isAlwaysTrue(part, notNullColumns));
  if (operator === "AND_EXPR") return parts.every((part) => isAlwaysTrue(part, notNullColumns));
  const constant = bare(tree);
  if (dig(constant, "A_Const", "boolval", "boolval") === true) return true;
  if (constant !== tree && /^(t|true|on|yes|1)$/i.test(constantText(tree) ?? "")) return true;
  const tested = dig(tree, "NullTest", "arg");
  if (dig(tree, "NullTest", "nulltesttype") === "IS_NOT_NULL")
    return isConstant(tested) || notNullColumns.some((column) => isColumn(tested, column));
  if (dig(tree, "A_Expr", "kind") !== "AEXPR_OP") return false;
  const [left, right] = [dig(tree, "A_Expr", "lexpr"), dig(tree, "A_Expr", "rexpr")];
  const operators = lastName(digList(tree, "A_Expr", "name"));
  if (operators !== "=" || left === undefined) return false;
  if (isConstant(left)) return isDeepStrictEqual(placeless(bare(left)), placeless(bare(right)));
  return notNullColumns.some((column) => isColumn(left, column) && isColumn(right, column));
}

/** A constant without the casts around it. */
export function bare(tree: Tree): Tree {
  const inner = dig(tree, "TypeCast", "arg");
  return inner === undefined ? tree : bare(inner);
}

/** The tables that a statement or an expression reads, as they are written. */
export function relationsIn(tree: Tree): { readonly schema: string | undefined; readonly name: string }[] {
  const own = new Set(findNodes(tree, "CommonTableExpr").map((node) => dig(node, "ctename")));
  return findNodes(tree, "RangeVar").flatMap((node) => {
    const [schema, name] = [dig(node, "schemaname"), dig(node, "relname")];
    if (typeof name !== "string" || (schema === undefined && own.has(name))) return [];
    return [{ schema: typeof schema === "string" ? schema : undefined, name }];
  });
}

function placeless(tree: Tree): Tree {
  if (Array.isArray(tree)) return tree.map(placeless);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([key]) => key !== "location")
      .map(([key, part]) => [key, placeless(part)]),
  );
}

function lastName(names: readonly Tree[]): string | undefined {
  const name = dig(names.at(-1), "String", "sval");
  return typeof name === "string" ? name : undefined;
}
