import { isDeepStrictEqual } from "node:util";
import { loadModule, parseSync } from "libpg-query";
import type { TenancySettings } from "../core/tenancy-settings.js";
import { tenantExpression } from "../rls/policy-expression.js";

/** Says of a policy's expression whether it lets only the context's own rows through. */
export type PolicyAnalysis = {
  /**
   * True if the tenant equality is one of the top-level conjuncts of an expression, as the server prints it. Compared as
   * syntax trees, because PostgreSQL prints expressions its own way.
   */
  isTenantBound(expression: string, table: string, column: string, type: string): boolean;
  /** True if one of the top-level conjuncts of an expression sets a column equal to a constant. */
  fixesColumn(expression: string, column: string): boolean;
};

type Node = { readonly [key: string]: unknown };

/** Loads the parser (about 60 ms, once) and gives the analysis. */
export async function loadPolicyAnalysis(settings: TenancySettings): Promise<PolicyAnalysis> {
  await loadModule();
  // Most policies of a schema have the same expression, and several rules ask about each.
  const answers = new Map<string, boolean>();
  return {
    isTenantBound(expression, table, column, type) {
      const names = expression.includes(table.replaceAll('"', '""')) ? table : undefined;
      const question = JSON.stringify([expression, names, column, type]);
      const answer = answers.get(question) ?? compare(settings, expression, table, column, type);
      answers.set(question, answer);
      return answer;
    },
    fixesColumn(expression, column) {
      return topConjuncts(parseExpression(expression)).some((conjunct) => {
        const [left, right] = ["lexpr", "rexpr"].map((side) => path(conjunct, "A_Expr", side));
        const isEquality = path(conjunct, "A_Expr", "name", 0, "String", "sval") === "=";
        return (
          isEquality &&
          ((isColumn(left, column) && isConstant(right)) || (isColumn(right, column) && isConstant(left)))
        );
      });
    },
  };
}

function compare(
  settings: TenancySettings,
  expression: string,
  table: string,
  column: string,
  type: string,
): boolean {
  const forms = (["initplan", "citus"] as const).map((policyForm) =>
    normalize(parseExpression(tenantExpression({ ...settings, policyForm }, column, type)), table),
  );
  const conjuncts = topConjuncts(parseExpression(expression)).map((conjunct) => normalize(conjunct, table));
  return conjuncts.some((conjunct) =>
    forms.some((form) => isDeepStrictEqual(conjunct, form) || isDeepStrictEqual(swap(conjunct), form)),
  );
}

function isColumn(node: unknown, column: string): boolean {
  const fields = path(node, "ColumnRef", "fields");
  return Array.isArray(fields) && path(fields.at(-1), "String", "sval") === column;
}

function isConstant(node: unknown): boolean {
  return path(node, "A_Const") !== undefined || path(node, "TypeCast", "arg", "A_Const") !== undefined;
}

function parseExpression(expression: string): unknown {
  const statement: unknown = parseSync(`select ${expression}`).stmts?.[0]?.stmt;
  const target = path(statement, "SelectStmt", "targetList", 0, "ResTarget", "val");
  if (target === undefined) throw new Error(`not an expression: ${expression}`);
  return target;
}

function topConjuncts(node: unknown): unknown[] {
  if (path(node, "BoolExpr", "boolop") !== "AND_EXPR") return [node];
  const parts = path(node, "BoolExpr", "args");
  return Array.isArray(parts) ? parts.flatMap(topConjuncts) : [node];
}

/**
 * Takes out what PostgreSQL adds when it prints (places, output names, casts of constants and of varchar columns to
 * text), and what it leaves out: the cast of the context, a text, to text.
 */
function normalize(value: unknown, table: string): unknown {
  if (Array.isArray(value)) return value.map((element) => normalize(element, table));
  if (!isNode(value)) return value;
  const argument = path(value, "TypeCast", "arg");
  if (isTextCast(value) && isTextAlready(argument)) return normalize(argument, table);
  const fields = path(value, "ColumnRef", "fields");
  if (Array.isArray(fields) && fields.length === 2 && path(fields[0], "String", "sval") === table) {
    return { ColumnRef: { fields: [normalize(fields[1], table)] } };
  }
  const kept = Object.entries(value).filter(([key]) => key !== "location" && key !== "funcformat");
  const entries = kept.map(([key, part]) => [
    key,
    normalize(key === "ResTarget" ? withoutName(part) : part, table),
  ]);
  return Object.fromEntries(entries);
}

function isTextCast(node: Node): boolean {
  const names = path(node, "TypeCast", "typeName", "names");
  return Array.isArray(names) && path(names.at(-1), "String", "sval") === "text";
}

function isTextAlready(node: unknown): boolean {
  return (
    path(node, "A_Const") !== undefined ||
    path(node, "ColumnRef") !== undefined ||
    path(node, "A_Expr", "kind") === "AEXPR_NULLIF"
  );
}

function withoutName(target: unknown): unknown {
  if (!isNode(target)) return target;
  const { name: _, ...rest } = target;
  return rest;
}

/** `a = b` as `b = a`. */
function swap(node: unknown): unknown {
  const expression = path(node, "A_Expr");
  if (!isNode(expression)) return node;
  return { A_Expr: { ...expression, lexpr: expression.rexpr, rexpr: expression.lexpr } };
}

function path(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
