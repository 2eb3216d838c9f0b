import { countOf } from "../../core/count-of.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import { tableKey } from "../rows/read-tables.js";
import type { TableReference, TenantGraph, TenantTable } from "../tenant/tenant-graph.js";

/**
 * Rows of other tenants that refer to rows of this one, a line for each foreign key: they would be deleted or changed with
 * what they refer to, or stand in its way. Only a key that does not begin with the tenant can have such rows.
 */
export async function findOutsideReferences(
  session: Session,
  graph: TenantGraph,
  tenant: string,
): Promise<string[]> {
  const byKey = new Map(graph.tables.map((table) => [tableKey(table), table]));
  const found: string[] = [];
  for (const reference of graph.references) {
    const child = byKey.get(reference.table);
    const parent = byKey.get(reference.foreignTable);
    if (child === undefined || parent === undefined || isBound(reference, child, parent)) continue;
    const [row] = await session.unsafe<{ rows: string }[]>(countSql(reference, child, parent), [tenant]);
    const rows = Number(row?.rows ?? 0);
    if (rows > 0)
      found.push(
        `${countOf(rows, "row")} of other creators in ${child.subject} refer to ${parent.subject} (${reference.constraint})`,
      );
  }
  return found;
}

function isBound(reference: TableReference, child: TenantTable, parent: TenantTable): boolean {
  return reference.columns.some(
    (column, index) =>
      column === child.tenantColumn && reference.foreignColumns[index] === parent.tenantColumn,
  );
}

function countSql(
  { columns, foreignColumns }: TableReference,
  child: TenantTable,
  parent: TenantTable,
): string {
  const same = columns
    .map(
      (column, index) =>
        `child.${quoteIdentifier(column)} = parent.${quoteIdentifier(foreignColumns[index] ?? "")}`,
    )
    .join(" and ");
  const id = `cast($1 as ${parent.tenantType})`;
  return `select count(*)::text as rows from ${qualify(child.schema, child.name)} as child
    join ${qualify(parent.schema, parent.name)} as parent on ${same}
    where parent.${quoteIdentifier(parent.tenantColumn)} = ${id} and child.${quoteIdentifier(child.tenantColumn)} <> ${id}`;
}
