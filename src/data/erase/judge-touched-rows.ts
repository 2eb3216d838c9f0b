import { tableSubject } from "../../catalog/facts.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import { tableKey } from "../rows/read-tables.js";
import type { RowCount } from "../tenant/count-tenant-rows.js";
import type { TenantTable } from "../tenant/tenant-graph.js";
import type { TouchedRows } from "./touched-rows.js";

/**
 * What a transaction has done to rows that are not of the tenant, a line for each table: rows that a cascade took along, that
 * a trigger changed, that stand in a global table.
 *
 * @param expected how many rows of the tenant each table had; as many may be gone, and no more.
 */
export async function judgeTouchedRows(
  session: Session,
  touched: readonly TouchedRows[],
  request: {
    readonly tenant: string;
    readonly tables: readonly TenantTable[];
    readonly expected: readonly RowCount[];
  },
): Promise<string[]> {
  const { tenant, tables, expected } = request;
  const byKey = new Map(tables.map((table) => [tableKey(table), table]));
  const found: string[] = [];
  for (const one of touched) {
    const subject = tableSubject(one.schema, one.name);
    const table = byKey.get(tableKey(one));
    if (table === undefined) {
      if (one.updated + one.deleted > 0)
        found.push(
          `${subject}: ${one.updated} changed and ${one.deleted} deleted, of a table without tenants`,
        );
      continue;
    }
    // What becomes of the log's rows was said by its declaration.
    if (table.auditErasure !== undefined) continue;
    const own = expected.find((count) => count.table === subject)?.rows ?? 0;
    if (one.deleted !== own)
      found.push(`${subject}: ${one.deleted} rows deleted, and the creator had ${own}`);
    if (one.updated + one.inserted === 0) continue;
    const written = await countOthersWritten(session, table, tenant);
    if (written > 0) found.push(`${subject}: ${written} rows of other creators written`);
  }
  return found;
}

/**
 * How many transactions others may begin while this one runs. A row that was frozen long ago keeps the number of its
 * transaction, and numbers come round: without an end, every row older than half of them would seem to be written here.
 */
const MOST_MEANWHILE = 2 ** 28;

/**
 * Rows of other tenants whose newest version is this transaction's, or one of its subtransactions', as a function with an
 * EXCEPTION clause has them. Those have numbers of their own, which come after the transaction's.
 *
 * @param session a transaction at repeatable read, which has had a look before it wrote anything: of numbers that came after
 * its own it sees no one else's.
 */
export async function countOthersWritten(
  session: Session,
  table: TenantTable,
  tenant: string,
): Promise<number> {
  const column = quoteIdentifier(table.tenantColumn);
  const [row] = await session.unsafe<{ rows: string }[]>(
    `select count(*)::text as rows from ${qualify(table.schema, table.name)}
     where ${column} <> cast($1 as ${table.tenantType}) and pg_catalog.age(xmin) between ${-MOST_MEANWHILE} and 0`,
    [tenant],
  );
  return Number(row?.rows ?? 0);
}
