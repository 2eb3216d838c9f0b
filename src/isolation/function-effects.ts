import { parsePlPgSQLSync, parseSync } from "libpg-query";
import type { ExpressionUse } from "../catalog/surroundings.js";
import { walkSyntax } from "./sql/walk-syntax.js";

/** What a function does beside computing: changes or tells something, reads tables, nothing, or nobody can say. */
export type FunctionEffect = "acts" | "reads" | "none" | "unknown";

/** Functions of PostgreSQL and its extensions that do something, or that tell somebody. */
const ACTING =
  /^(pg_notify|set_config|nextval|setval|dblink.*|lo_.*|pg_(try_)?advisory_.*|pg_terminate_backend)$/;

/**
 * Reads a function's own statements; those of functions that it calls are not followed. The parser must have been loaded.
 */
export function findEffect(made: ExpressionUse["calls"]): FunctionEffect {
  try {
    if (made.language === "sql") return worst([bodyOf(parseSync(made.definition)), ...parseQuery(made.body)]);
    if (made.language !== "plpgsql") return "unknown";
    const queries: string[] = [];
    let isDynamic = false;
    walkSyntax(parsePlPgSQLSync(made.definition), ({ kind, fields }) => visit(kind, fields));
    function visit(kind: string, { query }: Readonly<Record<string, unknown>>): boolean {
      if (/dyn(execute|fors)$/.test(kind)) isDynamic = true;
      if (kind === "PLpgSQL_expr" && typeof query === "string") queries.push(query);
      return true;
    }
    return isDynamic ? "acts" : worst(queries.flatMap(parseQuery));
  } catch {
    return "unknown";
  }
}

/** A body in the standard's own form is part of the definition; its settings and its type are not what it does. */
function bodyOf(definition: unknown): unknown {
  let body: unknown;
  walkSyntax(definition, ({ kind, fields }) => {
    if (kind === "CreateFunctionStmt") body = fields.sql_body;
    return kind !== "CreateFunctionStmt";
  });
  return body;
}

/** A statement, an expression, or an assignment such as `found := lower(given)`. */
function parseQuery(text: string): unknown[] {
  for (const form of [text, `select ${text}`, `select ${text.replace(/^[^:=]+:?=/, "")}`]) {
    try {
      return [parseSync(form)];
    } catch {
      // It may be of the next form.
    }
  }
  return [];
}

function worst(trees: readonly unknown[]): FunctionEffect {
  let acts = false;
  let reads = false;
  const known = new Set<unknown>();
  walkSyntax(trees, ({ kind, fields }) => {
    if (kind === "CommonTableExpr") known.add(fields.ctename);
    return true;
  });
  walkSyntax(trees, ({ kind, fields }) => {
    if (/^(?!Select|Return|PLAssign|Raw)[A-Z]\w*Stmt$/.test(kind)) acts = true;
    if (kind === "RangeVar" && !(fields.schemaname === undefined && known.has(fields.relname))) reads = true;
    if (kind === "FuncCall" && ACTING.test(lastName(fields.funcname))) acts = true;
    return true;
  });
  return acts ? "acts" : reads ? "reads" : "none";
}

function lastName(names: unknown): string {
  let last = "";
  walkSyntax(names, ({ kind, fields }) => {
    if (kind === "String" && typeof fields.sval === "string") last = fields.sval;
    return true;
  });
  return last;
}
