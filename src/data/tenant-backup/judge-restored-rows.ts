import { tableSubject } from "../../catalog/facts.js";
import type { Session } from "../../postgres/connect.js";
import type { Manifest } from "../backup-file/manifest.js";
import { countOthersWritten } from "../erase/judge-touched-rows.js";
import type { TouchedRows } from "../erase/touched-rows.js";
import { tableKey } from "../rows/read-tables.js";
import type { RowCount } from "../tenant/count-tenant-rows.js";
import type { TenantTable } from "../tenant/tenant-graph.js";

/**
 * What a restore has done to rows that are not the tenant's, a line for each table: more rows deleted than there were, more
 * inserted than the backup has, others changed.
 */
export async function judgeRestoredRows(
  session: Session,
  touched: readonly TouchedRows[],
  request: {
    readonly tenant: string;
    readonly tables: readonly TenantTable[];
    readonly before: readonly RowCount[];
    readonly manifest: Manifest;
  },
): Promise<string[]> {
  const { tenant, tables, before, manifest } = request;
  const byKey = new Map(tables.map((table) => [tableKey(table), table]));
  const found: string[] = [];
  for (const one of touched) {
    const subject = tableSubject(one.schema, one.name);
    const table = byKey.get(tableKey(one));
    if (table?.auditErasure !== undefined) {
      if (one.deleted + one.updated > 0) found.push(`${subject}: rows of the audit log changed`);
      continue;
    }
    if (table === undefined) {
      if (one.updated + one.deleted > 0)
        found.push(
          `${subject}: ${one.updated} changed and ${one.deleted} deleted, of a table without tenants`,
        );
      continue;
    }
    const had = before.find((count) => count.table === subject)?.rows ?? 0;
    const gets = manifest.tables.find((each) => tableKey(each) === tableKey(one))?.rows ?? 0;
    if (one.deleted !== had)
      found.push(`${subject}: ${one.deleted} rows deleted, and the creator had ${had}`);
    if (one.inserted !== gets)
      found.push(`${subject}: ${one.inserted} rows inserted, and the backup has ${gets}`);
    if (one.updated > 0 && (await countOthersWritten(session, table, tenant)) > 0)
      found.push(`${subject}: rows of other creators changed`);
  }
  return found;
}
