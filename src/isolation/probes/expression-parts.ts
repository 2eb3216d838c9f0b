import { parseSync } from "libpg-query";

/** What a condition mentions, from which values that meet it can be guessed. */
export type ExpressionParts = {
  readonly columns: readonly string[];
  readonly strings: readonly string[];
  readonly numbers: readonly string[];
  /** Regular expressions of `~` and `~*`. */
  readonly patterns: readonly string[];
  /** Patterns of LIKE and ILIKE. */
  readonly likes: readonly string[];
};

type Found = { readonly [Part in keyof ExpressionParts]: Set<string> };

/** Takes an expression apart. The parser must have been loaded. What does not parse mentions nothing. */
export function expressionParts(expression: string): ExpressionParts {
  const found: Found = {
    columns: new Set(),
    strings: new Set(),
    numbers: new Set(),
    patterns: new Set(),
    likes: new Set(),
  };
  visit(parse(expression), found);
  return {
    columns: [...found.columns],
    strings: [...found.strings],
    numbers: [...found.numbers],
    patterns: [...found.patterns],
    likes: [...found.likes],
  };
}

function parse(expression: string): unknown {
  try {
    return parseSync(`select ${expression}`).stmts?.[0]?.stmt;
  } catch {
    return undefined;
  }
}

function visit(node: unknown, found: Found): void {
  if (Array.isArray(node)) {
    for (const element of node) visit(element, found);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  for (const [kind, part] of Object.entries(node)) {
    if (kind === "ColumnRef") addColumn(part, found);
    if (kind === "A_Const") addConstant(part, found);
    if (kind === "A_Expr") addPattern(part, found);
    visit(part, found);
  }
}

function addColumn(reference: unknown, found: Found): void {
  const fields = at(reference, "fields");
  const name = Array.isArray(fields) ? at(fields.at(-1), "String", "sval") : undefined;
  if (typeof name === "string") found.columns.add(name);
}

function addConstant(constant: unknown, found: Found): void {
  const text = at(constant, "sval", "sval");
  const float = at(constant, "fval", "fval");
  if (typeof text === "string") found.strings.add(text);
  // Zero is written as an empty object.
  if (at(constant, "ival") !== undefined) found.numbers.add(String(at(constant, "ival", "ival") ?? 0));
  if (typeof float === "string") found.numbers.add(float);
}

function addPattern(expression: unknown, found: Found): void {
  const names = at(expression, "name");
  const operator = Array.isArray(names) ? at(names.at(-1), "String", "sval") : undefined;
  const right = constantIn(at(expression, "rexpr"));
  if (typeof operator !== "string" || right === undefined) return;
  if (operator === "~" || operator === "~*") found.patterns.add(right);
  if (operator === "~~" || operator === "~~*") found.likes.add(right);
}

function constantIn(node: unknown): string | undefined {
  const text = at(node, "A_Const", "sval", "sval") ?? at(node, "TypeCast", "arg", "A_Const", "sval", "sval");
  return typeof text === "string" ? text : undefined;
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (node, key) => (typeof node === "object" && node !== null ? Reflect.get(node, key) : undefined),
    value,
  );
}
