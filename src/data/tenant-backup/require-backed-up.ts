import { TenantryError } from "../../core/errors.js";
import { qualify } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Manifest } from "../backup-file/manifest.js";
import { digestRows } from "../rows/digest-rows.js";
import { tableKey } from "../rows/read-tables.js";
import type { TenantShape } from "./tenant-shapes.js";

/**
 * Throws unless the rows that a transaction sees, and is about to delete, are those of the backup that was just taken of them.
 * The backup saw an earlier moment, and services may have written since. The audit log is left out: nothing of it goes.
 *
 * @param session a transaction with `COPY_SETTINGS`. Its search path is the default one afterwards.
 * @param backup undefined where none was taken, because there was nothing to back up: then there must be nothing still.
 * @throws TenantryError `restore-failed`
 */
export async function requireBackedUp(
  session: Session,
  shapes: readonly TenantShape[],
  backup: Manifest | undefined,
): Promise<void> {
  await session.unsafe("set local search_path = pg_catalog");
  const encoding = backup?.database.encoding === "SQL_ASCII" ? "SQL_ASCII" : "UTF8";
  const written: string[] = [];
  for (const shape of shapes) {
    if (shape.tenantTable.auditErasure !== undefined) continue;
    const saved = backup?.tables.find((table) => tableKey(table) === tableKey(shape));
    const found = await digestRows(session, shape, encoding);
    if (found.rows === (saved?.rows ?? 0) && (found.rows === 0 || found.checksum === saved?.checksum))
      continue;
    const what = found.rows === saved?.rows ? "other values" : `${found.rows} rows, not ${saved?.rows ?? 0}`;
    written.push(`${qualify(shape.schema, shape.name)}: ${what}`);
  }
  await session.unsafe("set local search_path to default");
  if (written.length === 0) return;
  throw new TenantryError({
    code: "restore-failed",
    message: "Rows of the creator were written since they were backed up, and would be lost.",
    details: written,
    hint: "Nothing was changed. Suspend the creator, so that services write nothing for it, and run it again.",
  });
}
