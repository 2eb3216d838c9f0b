import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import { untilStopped } from "../until-stopped.js";
import type { TenantTable } from "./tenant-graph.js";

/** Rows of one table. */
export type RowCount = { readonly table: string; readonly rows: number };

/** The condition that a row is of the tenant whose id is `$1`. */
export function isOfTenant({ tenantColumn, tenantType }: TenantTable): string {
  return `${quoteIdentifier(tenantColumn)} = cast($1 as ${tenantType})`;
}

/**
 * Counts the rows of one tenant in each table.
 *
 * @param tenant parsed by `parseTenantId`.
 * @throws TenantryError `interrupted`
 */
export async function countTenantRows(
  session: Session,
  tables: readonly TenantTable[],
  tenant: string,
  signal?: AbortSignal,
): Promise<RowCount[]> {
  if (tables.length === 0) return [];
  const counts = tables.map(
    (table, index) =>
      `select ${index} as number, count(*)::text as rows from ${qualify(table.schema, table.name)} where ${isOfTenant(table)}`,
  );
  const query = session.unsafe<{ number: number; rows: string }[]>(
    `${counts.join("\nunion all ")}\norder by 1`,
    [tenant],
  );
  const rows = await untilStopped(query, signal);
  return tables.map(({ subject }, index) => ({
    table: subject,
    rows: Number(rows.find(({ number }) => number === index)?.rows ?? 0),
  }));
}
