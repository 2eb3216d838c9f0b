import type { ts } from "ts-morph";
import type { SourceFile } from "./source-file.js";
import type { Located, SourceIndex } from "./source-index.js";
import { loadSyntax } from "./syntax.js";

/** What a call to Drizzle declares. */
export type DrizzleKind =
  | "table"
  | "view"
  | "materialized view"
  | "enum"
  | "sequence"
  | "role"
  | "policy"
  | "schema";

/** A call in a source file that declares something of the database. */
export type DrizzleCall = {
  readonly kind: DrizzleKind;
  readonly file: SourceFile;
  readonly node: ts.CallExpression;
  /** Its first argument, if that is written out. */
  readonly name: string | undefined;
  /** True inside a function or a loop: nobody knows how often it runs. */
  readonly nested: boolean;
  /** The methods called on it, such as `link`, `existing` and `enableRLS`. */
  readonly methods: readonly string[];
};

const FUNCTIONS: Readonly<Record<string, DrizzleKind>> = {
  pgTable: "table",
  pgView: "view",
  pgMaterializedView: "materialized view",
  pgEnum: "enum",
  pgSequence: "sequence",
  pgRole: "role",
  pgPolicy: "policy",
  pgSchema: "schema",
};

/** The methods of `pgSchema("x")`, and of `snakeCase` and `camelCase`. */
const METHODS: Readonly<Record<string, DrizzleKind>> = {
  table: "table",
  view: "view",
  materializedView: "materialized view",
  enum: "enum",
  sequence: "sequence",
};

/** Every call of the files that declares something of the database, in the order of the text. */
export function findDrizzleCalls(index: SourceIndex): DrizzleCall[] {
  const { ts } = loadSyntax();
  const isScope = (node: ts.Node) => ts.isFunctionLike(node) || ts.isIterationStatement(node, false);
  return index.files.flatMap((file) => {
    const calls: DrizzleCall[] = [];
    const visit = (node: ts.Node, nested: boolean): void => {
      if (ts.isCallExpression(node)) {
        const kind = classifyCall(index, file, node);
        if (kind !== undefined)
          calls.push({ kind, file, node, name: literalName(node), nested, methods: methodsOn(node) });
      }
      ts.forEachChild(node, (child) => visit(child, nested || isScope(node)));
    };
    visit(file.source, false);
    return calls;
  });
}

/** The call that an expression is made of: of `pgTable("x", {…}).enableRLS()` it is `pgTable("x", {…})`. */
export function callsWithin(node: ts.Expression): ts.CallExpression[] {
  const { ts } = loadSyntax();
  const bare = skipWrappers(node);
  if (!ts.isCallExpression(bare)) return [];
  const callee = skipWrappers(bare.expression);
  return ts.isPropertyAccessExpression(callee) ? [bare, ...callsWithin(callee.expression)] : [bare];
}

/** An expression without parentheses, `as`, `satisfies` and `!`. */
export function skipWrappers(node: ts.Expression): ts.Expression {
  const { ts } = loadSyntax();
  return ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node)
    ? skipWrappers(node.expression)
    : node;
}

function classifyCall(
  index: SourceIndex,
  file: SourceFile,
  call: ts.CallExpression,
): DrizzleKind | undefined {
  const { ts } = loadSyntax();
  const callee = skipWrappers(call.expression);
  if (ts.isIdentifier(callee)) {
    const drizzleName = drizzleNameOf(index, file, callee.text);
    if (drizzleName !== undefined) return FUNCTIONS[drizzleName];
    const meant = index.resolveName(file, callee.text);
    return meant !== undefined && "node" in meant && isCallOf(index, meant, "pgTableCreator")
      ? "table"
      : undefined;
  }
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const method = callee.name.text;
  const object = skipWrappers(callee.expression);
  if (ts.isIdentifier(object)) {
    const meant = index.resolveName(file, object.text);
    if (meant === undefined) return undefined;
    if ("node" in meant) return isCallOf(index, meant, "pgSchema") ? METHODS[method] : undefined;
    if (!isDrizzle(meant.package)) return undefined;
    if (meant.name === "*") return FUNCTIONS[method];
    return meant.name === "snakeCase" || meant.name === "camelCase" ? METHODS[method] : undefined;
  }
  return ts.isCallExpression(object) && isCallOf(index, { file, node: object }, "pgSchema")
    ? METHODS[method]
    : undefined;
}

function isCallOf(index: SourceIndex, { file, node }: Located, name: string): boolean {
  const { ts } = loadSyntax();
  const call = skipWrappers(node);
  if (!ts.isCallExpression(call)) return false;
  const callee = skipWrappers(call.expression);
  if (ts.isIdentifier(callee)) return drizzleNameOf(index, file, callee.text) === name;
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return false;
  return callee.name.text === name && drizzleNameOf(index, file, callee.expression.text) === "*";
}

function drizzleNameOf(index: SourceIndex, file: SourceFile, name: string): string | undefined {
  const meant = index.resolveName(file, name);
  return meant !== undefined && "package" in meant && isDrizzle(meant.package) ? meant.name : undefined;
}

function isDrizzle(module: string): boolean {
  return module.startsWith("drizzle-orm/pg-core");
}

function literalName(call: ts.CallExpression): string | undefined {
  const { ts } = loadSyntax();
  const first = call.arguments[0];
  return first !== undefined && ts.isStringLiteralLike(first) ? first.text : undefined;
}

function methodsOn(call: ts.CallExpression): string[] {
  const { ts } = loadSyntax();
  const methods: string[] = [];
  for (
    let at: ts.Node = call.parent;
    ts.isPropertyAccessExpression(at) || ts.isCallExpression(at);
    at = at.parent
  ) {
    if (ts.isPropertyAccessExpression(at)) methods.push(at.name.text);
    else if (!ts.isPropertyAccessExpression(skipWrappers(at.expression))) break;
  }
  return methods;
}
