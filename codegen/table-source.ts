import type { ts } from "ts-morph";
import { callsWithin, skipWrappers } from "./drizzle-calls.js";
import type { Place } from "./schema-model.js";
import type { SourceFile } from "./source-file.js";
import type { SourceIndex } from "./source-index.js";
import { loadSyntax } from "./syntax.js";

/** One element of a table's extra configuration, such as `index("x").on(t.a)`. */
export type ExtraSource = {
  readonly place: Place;
  /** The functions and methods called, from the first: `["index", "on"]`. */
  readonly calls: readonly string[];
  /** The first string literal among the arguments of the first call. */
  readonly name: string | undefined;
  /** The properties of its own table that it mentions, in order: `t.creatorId` is `creatorId`. */
  readonly properties: readonly string[];
};

/** Where the parts of a table stand in its source. */
export type TableSource = {
  readonly place: Place;
  /** By the column's property. A column that comes from a spread stands where the spread does. */
  readonly columnPlace: (property: string) => Place;
  readonly extras: readonly ExtraSource[];
};

/** Reads the arguments of a call that makes a table, or of a helper of the project's that is called in its way. */
export function readTableSource(index: SourceIndex, file: SourceFile, call: ts.CallExpression): TableSource {
  const place = index.placeOf(file, call);
  const [, columns, extras] = call.arguments;
  return {
    place,
    columnPlace: columns === undefined ? () => place : readColumns(index, file, columns, place),
    extras: extras === undefined ? [] : readExtras(index, file, extras),
  };
}

function readColumns(
  index: SourceIndex,
  file: SourceFile,
  argument: ts.Expression,
  fallback: Place,
): (property: string) => Place {
  const { ts } = loadSyntax();
  const literal = objectOf(index, file, argument);
  if (literal === undefined) return () => fallback;
  const named = new Map<string, Place>();
  const spreads: { readonly place: Place; readonly keys: ReadonlySet<string> | undefined }[] = [];
  for (const property of literal.node.properties) {
    const place = index.placeOf(literal.file, property);
    if (ts.isSpreadAssignment(property)) {
      const inner = objectOf(index, literal.file, property.expression);
      const keys = inner?.node.properties.flatMap((each) => keyOf(each) ?? []);
      spreads.push({ place, keys: keys === undefined ? undefined : new Set(keys) });
      continue;
    }
    const key = keyOf(property);
    if (key !== undefined) named.set(key, place);
  }
  return (property) =>
    named.get(property) ??
    spreads.find(({ keys }) => keys?.has(property) === true)?.place ??
    spreads.find(({ keys }) => keys === undefined)?.place ??
    fallback;
}

type LocatedObject = { readonly file: SourceFile; readonly node: ts.ObjectLiteralExpression };

/** The object literal that an expression stands for: itself, a variable's, or what a function or a call returns. */
function objectOf(
  index: SourceIndex,
  file: SourceFile,
  expression: ts.Expression,
  depth = 0,
): LocatedObject | undefined {
  const { ts } = loadSyntax();
  const node = skipWrappers(expression);
  if (depth > 8) return undefined;
  if (ts.isObjectLiteralExpression(node)) return { file, node };
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) {
    const returned = returnedBy(node);
    return returned === undefined ? undefined : objectOf(index, file, returned, depth + 1);
  }
  if (ts.isCallExpression(node)) return objectOf(index, file, node.expression, depth + 1);
  if (!ts.isIdentifier(node)) return undefined;
  const meant = index.resolveName(file, node.text);
  return meant !== undefined && "node" in meant
    ? objectOf(index, meant.file, meant.node, depth + 1)
    : undefined;
}

function returnedBy(node: ts.ArrowFunction | ts.FunctionExpression): ts.Expression | undefined {
  const { ts } = loadSyntax();
  if (!ts.isBlock(node.body)) return node.body;
  return node.body.statements.find(ts.isReturnStatement)?.expression;
}

function keyOf(property: ts.ObjectLiteralElementLike): string | undefined {
  const { ts } = loadSyntax();
  const { name } = property;
  return name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteralLike(name))
    ? name.text
    : undefined;
}

function readExtras(index: SourceIndex, file: SourceFile, argument: ts.Expression): ExtraSource[] {
  const { ts } = loadSyntax();
  const node = skipWrappers(argument);
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return [];
  const body = returnedBy(node);
  const value = body === undefined ? undefined : skipWrappers(body);
  if (value === undefined) return [];
  const parameter = node.parameters[0]?.name;
  const self = parameter !== undefined && ts.isIdentifier(parameter) ? parameter.text : undefined;
  const read = (element: ts.Expression) => readExtra(index, file, element, self);
  if (ts.isArrayLiteralExpression(value)) return value.elements.flatMap(read);
  if (!ts.isObjectLiteralExpression(value)) return read(value);
  return value.properties.flatMap((property) =>
    ts.isPropertyAssignment(property) ? read(property.initializer) : [],
  );
}

function readExtra(
  index: SourceIndex,
  file: SourceFile,
  element: ts.Expression,
  self: string | undefined,
): ExtraSource[] {
  const { ts } = loadSyntax();
  const node = ts.isSpreadElement(element) ? element.expression : element;
  const calls = callsWithin(node).reverse();
  const first = calls[0];
  if (first === undefined) return [];
  const names = calls.map(({ expression }) => {
    const callee = skipWrappers(expression);
    if (ts.isIdentifier(callee)) return callee.text;
    return ts.isPropertyAccessExpression(callee) ? callee.name.text : "";
  });
  return [
    {
      place: index.placeOf(file, element),
      calls: names,
      name: nameIn(first),
      properties: propertiesIn(node, self),
    },
  ];
}

/** `index("x")`, or `primaryKey({ name: "x" })`. */
function nameIn(call: ts.CallExpression): string | undefined {
  const { ts } = loadSyntax();
  for (const argument of call.arguments) {
    if (ts.isStringLiteralLike(argument)) return argument.text;
    if (!ts.isObjectLiteralExpression(argument)) continue;
    const name = argument.properties.find((property) => keyOf(property) === "name");
    if (name !== undefined && ts.isPropertyAssignment(name) && ts.isStringLiteralLike(name.initializer))
      return name.initializer.text;
  }
  return undefined;
}

function propertiesIn(node: ts.Node, self: string | undefined): string[] {
  const { ts } = loadSyntax();
  const found: string[] = [];
  const visit = (at: ts.Node): void => {
    if (ts.isPropertyAccessExpression(at) && ts.isIdentifier(at.expression)) {
      if (self === undefined || at.expression.text === self) found.push(at.name.text);
    }
    ts.forEachChild(at, visit);
  };
  visit(node);
  return found;
}
