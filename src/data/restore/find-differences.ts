import type { Transaction } from "../../catalog/grants-json.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { CopyEncoding } from "../rows/copy-rows.js";
import { COPY_SETTINGS } from "../rows/copy-rows.js";
import { digestRows } from "../rows/digest-rows.js";

/** The encoding in which the rows of a backup are. */
export function encodingOf({ database }: Manifest): CopyEncoding {
  return database.encoding === "SQL_ASCII" ? "SQL_ASCII" : "UTF8";
}

/**
 * Which tables of a backup have other rows in a database, by number or checksum, one line each.
 *
 * @param session a transaction that sees one moment; its settings are changed.
 */
export async function findDifferences(session: Transaction, manifest: Manifest): Promise<string[]> {
  await session.unsafe(`set local search_path = pg_catalog; ${COPY_SETTINGS}`).simple();
  const found: string[] = [];
  for (const table of manifest.tables) {
    const { rows, checksum } = await digestRows(session, table, encodingOf(manifest));
    if (rows === table.rows && checksum === table.checksum) continue;
    const what = rows === table.rows ? "other values" : `${rows} rows instead of ${table.rows}`;
    found.push(`${table.schema}.${table.name}: ${what}`);
  }
  return found;
}
