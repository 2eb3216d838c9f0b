import { isDeepStrictEqual } from "node:util";
import type { Node } from "libpg-query";
import { parseSync } from "libpg-query";

/** True if two statements mean the same to PostgreSQL's parser, however they are spelled; false if one does not parse. */
export function isSameStatement(one: string, other: string): boolean {
  try {
    return isDeepStrictEqual(simplify(parseOne(one)), simplify(parseOne(other)));
  } catch {
    return false;
  }
}

/** True if two expressions do. */
export function isSameExpression(one: string, other: string): boolean {
  return isSameStatement(`select ${one}`, `select ${other}`);
}

/** The privileges that a GRANT gives, in capitals and sorted. */
export function grantedPrivileges(grant: string): string[] {
  const node = parseOne(grant);
  if (node === undefined || !("GrantStmt" in node)) return [];
  return (node.GrantStmt.privileges ?? [])
    .flatMap((one) => ("AccessPriv" in one ? [(one.AccessPriv.priv_name ?? "").toUpperCase()] : []))
    .sort();
}

function parseOne(sql: string): Node | undefined {
  return parseSync(sql).stmts?.[0]?.stmt;
}

/** Without places, OR REPLACE, what PostgreSQL leaves out when it prints, and the casts that it adds. */
function simplify(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplify);
  if (typeof value !== "object" || value === null) return value;
  const node: Readonly<Record<string, unknown>> = { ...value };
  const cast = node.TypeCast;
  if (isRecord(cast) && isRecord(cast.arg) && "A_Const" in cast.arg) return simplify(cast.arg);
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => !["location", "replace", "funcformat"].includes(key))
      .map(([key, part]) => [key, key === "options" && Array.isArray(part) ? options(part) : simplify(part)]),
  );
}

/** VOLATILE is what a function is that says nothing; the order of its clauses is nobody's choice. */
function options(list: readonly unknown[]): unknown[] {
  return list
    .map(simplify)
    .filter(
      (option) =>
        !JSON.stringify(option).includes('{"defname":"volatility","arg":{"String":{"sval":"volatile"}}'),
    )
    .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
