import { quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { TableShape } from "../rows/read-tables.js";
import { readTables, tableKey } from "../rows/read-tables.js";
import { isOfTenant } from "../tenant/count-tenant-rows.js";
import type { TenantGraph, TenantTable } from "../tenant/tenant-graph.js";

/** A table of tenants, as COPY must know it, with the condition that picks one tenant's rows. */
export type TenantShape = TableShape & { readonly tenantTable: TenantTable; readonly condition: string };

/**
 * The tables of a graph in the order in which rows can be inserted. Sets the search path for as long as the transaction
 * lasts: types are named with their schemas.
 *
 * @param tenant parsed by `parseTenantId`.
 */
export async function readTenantShapes(
  session: Session,
  graph: TenantGraph,
  tenant: string,
): Promise<TenantShape[]> {
  await session.unsafe("set local search_path = pg_catalog");
  const shapes = new Map((await readTables(session)).map((shape) => [tableKey(shape), shape]));
  return graph.groups.flat().flatMap((tenantTable) => {
    const shape = shapes.get(tableKey(tenantTable));
    const condition = isOfTenant(tenantTable).replace("$1", () => quoteLiteral(tenant));
    return shape === undefined ? [] : [{ ...shape, tenantTable, condition }];
  });
}
