import type { Node } from "libpg-query";
import { parseSync } from "libpg-query";

/**
 * True if two CREATE INDEX statements make the same index, as far as it can be told from their texts: table, method,
 * uniqueness, columns in order, and whether there is a condition. PostgreSQL prints expressions its own way, so an
 * expression is only compared with its being one. The parser must be loaded.
 *
 * @param definition as `pg_get_indexdef` prints it.
 */
export function isSameIndex(written: string, definition: string): boolean {
  const [one, other] = [summarize(written), summarize(definition)];
  return one !== undefined && one === other;
}

function summarize(sql: string): string | undefined {
  const node = parseSync(sql).stmts?.[0]?.stmt;
  if (node === undefined || !("IndexStmt" in node)) return undefined;
  const {
    relation,
    accessMethod,
    unique,
    indexParams,
    indexIncludingParams,
    whereClause,
    nulls_not_distinct,
  } = node.IndexStmt;
  return JSON.stringify([
    relation?.relname,
    accessMethod ?? "btree",
    unique === true,
    nulls_not_distinct === true,
    (indexParams ?? []).map(columnOf),
    (indexIncludingParams ?? []).map(columnOf),
    whereClause !== undefined,
  ]);
}

function columnOf(node: Node): string {
  return "IndexElem" in node ? (node.IndexElem.name ?? "(expression)") : "(expression)";
}
