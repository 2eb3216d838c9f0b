import type { TenancySettings } from "../src/core/tenancy-settings.js";
import type { PolicyAnalysis } from "../src/isolation/policy-analysis.js";

/** A node of PostgreSQL's syntax tree, or a part of one. */
export type Tree = unknown;

/** PostgreSQL's own parser. */
export type SqlParser = PolicyAnalysis & {
  /** @throws Error as the parser says it, if it is no expression. */
  readonly parseExpression: (expression: string) => Tree;
  /** @throws Error as the parser says it. */
  readonly parseStatement: (statement: string) => Tree;
};

/** Loads the parser: about 60 ms, so only when there is something to parse. */
export async function loadSqlParser(settings: TenancySettings): Promise<SqlParser> {
  const [{ loadPolicyAnalysis }, { parseSync }] = await Promise.all([
    import("../src/isolation/policy-analysis.js"),
    import("libpg-query"),
  ]);
  const analysis = await loadPolicyAnalysis(settings);
  const parseStatement = (statement: string): Tree => parseSync(statement).stmts?.[0]?.stmt;
  return {
    ...analysis,
    parseStatement,
    parseExpression: (expression) => {
      const target = dig(
        parseStatement(`select ${expression}`),
        "SelectStmt",
        "targetList",
        0,
        "ResTarget",
        "val",
      );
      if (target === undefined) throw new Error(`not an expression: ${expression}`);
      return target;
    },
  };
}

/** A part of a tree, by its path; undefined if there is none. */
export function dig(tree: Tree, ...path: readonly (string | number)[]): Tree {
  return path.reduce<Tree>(
    (part, key) => (typeof part === "object" && part !== null ? Reflect.get(part, key) : undefined),
    tree,
  );
}

/** A part of a tree that is a list; empty if there is none. */
export function digList(tree: Tree, ...path: readonly (string | number)[]): readonly Tree[] {
  const part = dig(tree, ...path);
  return Array.isArray(part) ? part : [];
}

/** Every node of a tree that has one of these names, outermost first. */
export function findNodes(tree: Tree, name: string): Tree[] {
  if (Array.isArray(tree)) return tree.flatMap((part) => findNodes(part, name));
  if (typeof tree !== "object" || tree === null) return [];
  return Object.entries(tree).flatMap(([key, part]) => [
    ...(key === name ? [part] : []),
    ...findNodes(part, name),
  ]);
}
