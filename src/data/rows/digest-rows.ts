import type { Session } from "../../postgres/connect.js";
import type { CopiedTable, CopyEncoding } from "./copy-rows.js";
import { copyOut } from "./copy-rows.js";
import type { RowDigest } from "./row-checksum.js";
import { createRowChecksum } from "./row-checksum.js";

/**
 * Counts a table's rows and adds them up.
 *
 * @param session a transaction with `COPY_SETTINGS`.
 * @param onRows is given the rows as they come, and waited for.
 */
export async function digestRows(
  session: Session,
  table: CopiedTable,
  encoding: CopyEncoding,
  onRows: (bytes: Buffer) => Promise<void> = async () => {},
): Promise<RowDigest> {
  const sum = createRowChecksum();
  for await (const bytes of copyOut(session, table, encoding)) {
    sum.update(bytes);
    await onRows(bytes);
  }
  return sum.digest();
}
