import { parsePlPgSQLSync } from "libpg-query";
import { isRecord } from "../walk-syntax.js";

/** SQL inside a block of PL/pgSQL. */
export type PlpgsqlStep = {
  /** A statement, an expression, or an expression whose value is a statement. */
  readonly kind: "statement" | "expression" | "dynamic";
  readonly sql: string;
  /** 1-based, counted from the line on which the body begins. */
  readonly line: number;
  /** The part of the block that may be passed over, or taken back, as a whole; 0 for what runs in any case. */
  readonly branch: number;
};

/** What a block of PL/pgSQL does. */
export type PlpgsqlBody = {
  readonly steps: readonly PlpgsqlStep[];
  /** Variables that keep the value that they are declared with: an expression, by the variable's name. */
  readonly constants: ReadonlyMap<string, string>;
};

/** Reads a DO block or a CREATE FUNCTION with PostgreSQL's own parser; undefined if that cannot. */
export function readPlpgsql(statement: string): PlpgsqlBody | undefined {
  let parsed: unknown;
  try {
    parsed = parsePlPgSQLSync(statement);
  } catch {
    return undefined;
  }
  const functions = isRecord(parsed) ? parsed.plpgsql_funcs : undefined;
  const [first] = Array.isArray(functions) ? functions : [];
  const made = isRecord(first) ? first.PLpgSQL_function : undefined;
  if (!isRecord(made)) return undefined;
  const walk: Walk = { steps: [], assigned: new Set(), ends: 0, branches: 0, line: 1 };
  readNode(made.action, 0, walk);
  const datums = Array.isArray(made.datums) ? made.datums : [];
  for (const datum of datums) readDefault(datum, walk);
  return { steps: walk.steps, constants: findConstants(datums, walk.assigned) };
}

type Walk = {
  readonly steps: PlpgsqlStep[];
  /** Names, and numbers, of variables that get another value. */
  readonly assigned: Set<unknown>;
  /** The branch of all that stands behind what may leave the block; 0 before that. */
  ends: number;
  branches: number;
  line: number;
};

/** Parts of a statement that run only sometimes, or more than once. */
const BRANCHES: ReadonlySet<string> = new Set([
  "then_body",
  "else_body",
  "elsif_list",
  "case_when_list",
  "else_stmts",
  "body",
  "stmts",
  "exceptions",
]);
const LEAVES: ReadonlySet<string> = new Set(["PLpgSQL_stmt_return", "PLpgSQL_stmt_exit"]);

const ENDS: ReadonlyMap<string, string> = new Map([
  ["PLpgSQL_stmt_commit", "commit"],
  ["PLpgSQL_stmt_rollback", "rollback"],
]);

function newBranch(walk: Walk): number {
  walk.branches += 1;
  return walk.branches;
}

function readNode(node: unknown, branch: number, walk: Walk): void {
  if (Array.isArray(node)) {
    for (const one of node) readNode(one, branch, walk);
    return;
  }
  if (!isRecord(node)) return;
  for (const [kind, fields] of Object.entries(node)) {
    if (!isRecord(fields)) continue;
    if (typeof fields.lineno === "number") walk.line = fields.lineno;
    if (kind === "PLpgSQL_stmt_assign") walk.assigned.add(fields.varno);
    readFields(kind, fields, branch, walk);
    const ending = ENDS.get(kind);
    if (ending !== undefined) {
      walk.steps.push({ kind: "statement", sql: ending, line: walk.line, branch: branch || walk.ends });
    }
    if (LEAVES.has(kind)) walk.ends = newBranch(walk);
  }
}

function readFields(
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  branch: number,
  walk: Walk,
): void {
  // What an exception is caught for is taken back as a whole.
  const isPlain = kind === "PLpgSQL_stmt_block" && fields.exceptions === undefined;
  for (const [name, value] of Object.entries(fields)) {
    const expression = isRecord(value) ? value.PLpgSQL_expr : undefined;
    if (isRecord(expression)) {
      const isText = name === "dynquery" || (name === "query" && /_dyn/.test(kind));
      addStep(expression, isText, branch || walk.ends, walk);
    } else if (name === "var" || name === "target") {
      readTarget(value, walk);
    } else {
      readNode(value, BRANCHES.has(name) && !isPlain ? newBranch(walk) : branch, walk);
    }
  }
}

/** Statements, expressions, and assignments are told apart by how PL/pgSQL would parse them. */
function addStep(
  expression: Readonly<Record<string, unknown>>,
  isText: boolean,
  branch: number,
  walk: Walk,
): void {
  const { query, parseMode } = expression;
  if (typeof query !== "string") return;
  const isAssignment = typeof parseMode === "number" && parseMode > 2;
  const sql = isAssignment ? query.replace(/^[^=]*=/, "") : query;
  const kind = isText ? "dynamic" : parseMode === 0 || parseMode === undefined ? "statement" : "expression";
  walk.steps.push({ kind, sql, line: walk.line, branch });
}

/** What INTO, or a loop, fills. */
function readTarget(value: unknown, walk: Walk): void {
  const [target] = isRecord(value) ? Object.values(value) : [];
  if (!isRecord(target)) return;
  walk.assigned.add(target.refname);
  for (const field of Array.isArray(target.fields) ? target.fields : []) {
    if (isRecord(field)) walk.assigned.add(field.name);
  }
}

function readDefault(datum: unknown, walk: Walk): void {
  const variable = isRecord(datum) ? datum.PLpgSQL_var : undefined;
  const value =
    isRecord(variable) && isRecord(variable.default_val) ? variable.default_val.PLpgSQL_expr : undefined;
  if (isRecord(value)) addStep(value, false, 0, walk);
}

function findConstants(
  datums: readonly unknown[],
  assigned: ReadonlySet<unknown>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  datums.forEach((datum, number) => {
    const variable = isRecord(datum) ? datum.PLpgSQL_var : undefined;
    if (!isRecord(variable) || typeof variable.refname !== "string") return;
    const { refname, default_val } = variable;
    const value = isRecord(default_val) ? default_val.PLpgSQL_expr : undefined;
    const isKnown = isRecord(value) && typeof value.query === "string";
    // Two of one name: which of them is meant depends on the place.
    if (seen.has(refname) || assigned.has(number) || assigned.has(refname)) found.delete(refname);
    else if (isKnown) found.set(refname, String(value.query));
    seen.add(refname);
  });
  return found;
}
