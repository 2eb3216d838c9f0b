import type { ts } from "ts-morph";
import { skipWrappers } from "./drizzle-calls.js";
import type { SourceFile } from "./source-file.js";
import { loadSyntax } from "./syntax.js";

/** A function that runs for one tenant, in its transaction. */
export type TenantCallback = {
  readonly body: ts.ArrowFunction | ts.FunctionExpression;
  /** The name of its first parameter. */
  readonly inner: string | undefined;
  /** The database objects outside it, such as `client`, `this.db` and what `client.as(id)` was kept in. */
  readonly outer: ReadonlySet<string>;
};

/** Functions that run a callback for a tenant: `withTenant(db, id, fn)`, `db.withTenant(id, fn)`. */
const TENANT_FUNCTIONS: ReadonlySet<string> = new Set(["withTenant", "forTenant", "asTenant"]);

const cache = new WeakMap<SourceFile, TenantCallback[]>();

/** The tenant callbacks of a file: of `client.as(id).transaction(…)`, and of functions called `withTenant`. */
export function findTenantCallbacks(file: SourceFile): TenantCallback[] {
  const known = cache.get(file);
  if (known !== undefined) return known;
  const { ts } = loadSyntax();
  const databases = findDatabases(file);
  const scoped = findScoped(file);
  const found: TenantCallback[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const outer = outerOf(node, scoped);
      const body = node.arguments.find(
        (argument) => ts.isArrowFunction(argument) || ts.isFunctionExpression(argument),
      );
      if (
        outer !== undefined &&
        body !== undefined &&
        (ts.isArrowFunction(body) || ts.isFunctionExpression(body))
      ) {
        const parameter = body.parameters[0]?.name;
        const inner = parameter !== undefined && ts.isIdentifier(parameter) ? parameter.text : undefined;
        found.push({ body, inner, outer: new Set([...outer, ...databases]) });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file.source);
  cache.set(file, found);
  return found;
}

/** `db`, `this.db`, `context.db`: a name, or names joined by dots. */
export function pathOf(node: ts.Expression): string | undefined {
  const { ts } = loadSyntax();
  const bare = skipWrappers(node);
  if (ts.isIdentifier(bare)) return bare.text;
  if (bare.kind === ts.SyntaxKind.ThisKeyword) return "this";
  if (!ts.isPropertyAccessExpression(bare)) return undefined;
  const object = pathOf(bare.expression);
  return object === undefined ? undefined : `${object}.${bare.name.text}`;
}

/** The database objects that a call for a tenant is made on or given, or undefined if it is no such call. */
function outerOf(call: ts.CallExpression, scoped: ReadonlyMap<string, string>): string[] | undefined {
  const { ts } = loadSyntax();
  const callee = skipWrappers(call.expression);
  if (ts.isIdentifier(callee)) {
    if (!TENANT_FUNCTIONS.has(callee.text)) return undefined;
    return call.arguments.slice(0, 1).flatMap((argument) => pathOf(argument) ?? []);
  }
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const object = skipWrappers(callee.expression);
  const path = pathOf(object);
  if (TENANT_FUNCTIONS.has(callee.name.text)) return path === undefined ? [] : [path];
  if (callee.name.text !== "transaction") return undefined;
  const client = clientOf(object) ?? (path === undefined ? undefined : scoped.get(path));
  if (client === undefined) return undefined;
  return path === undefined ? [client] : [client, path];
}

/** The `client` of `client.as(id)`. */
function clientOf(node: ts.Expression): string | undefined {
  const { ts } = loadSyntax();
  const call = skipWrappers(node);
  if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression)) return undefined;
  return call.expression.name.text === "as" ? pathOf(call.expression.expression) : undefined;
}

/** Variables that hold `client.as(id)`, and their clients. */
function findScoped(file: SourceFile): Map<string, string> {
  const { ts } = loadSyntax();
  const found = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined) {
      const client = clientOf(node.initializer);
      if (client !== undefined) found.set(node.name.text, client);
    }
    ts.forEachChild(node, visit);
  };
  visit(file.source);
  return found;
}

/** Variables of the file that hold a Drizzle database or a postgres.js pool. */
function findDatabases(file: SourceFile): string[] {
  const { ts } = loadSyntax();
  return [...file.variables].flatMap(([name, value]) => {
    const call = skipWrappers(value);
    if (!ts.isCallExpression(call) || !ts.isIdentifier(call.expression)) return [];
    const imported = file.imports.get(call.expression.text);
    return imported !== undefined && /^(drizzle-orm\/.+|postgres|pg|tenantry\/client)$/.test(imported.module)
      ? [name]
      : [];
  });
}
