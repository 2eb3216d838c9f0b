import { onDatabase } from "../../core/database-url.js";
import { messageOf } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { inSnapshot } from "../backup/dump-database.js";
import { countLargeObjects } from "../backup/read-contents.js";
import type { Manifest } from "../backup-file/manifest.js";
import { endOnAbort } from "../end-on-abort.js";
import { readTables, tableKey } from "../rows/read-tables.js";
import { findDifferences } from "./find-differences.js";
import type { RestoreOptions } from "./restore-backup.js";

/** A database that was replaced, under the name that nobody else knows, and what its backup says. */
type ReplacedDatabase = Pick<RestoreOptions, "url" | "connect" | "signal"> & {
  readonly name: string;
  readonly manifest: Manifest;
};

/**
 * Drops a database that was replaced, if its backup has every row of it. Somebody may have written between the backup and the
 * moment in which it lost its name; since then nobody can.
 *
 * @returns why it is still there, one reason each; none if it was dropped.
 */
export async function dropReplaced(maintenance: Database, replaced: ReplacedDatabase): Promise<string[]> {
  try {
    const differing = await compare(replaced);
    if (differing.length > 0) return differing;
    await maintenance.unsafe(`drop database ${quoteIdentifier(replaced.name)} with (force)`);
    return [];
  } catch (thrown) {
    // Nothing is lost as long as it is there; and the restore itself has succeeded.
    return [messageOf(thrown)];
  }
}

async function compare({ url, connect, signal, name, manifest }: ReplacedDatabase): Promise<string[]> {
  const read = { ...connect, max: 1, canBeCut: true, applicationName: "tenantry restore" };
  return await withDatabase(onDatabase(url, name), read, (database) =>
    endOnAbort(database, signal, async () => {
      return await inSnapshot(database, async (session) => {
        const differing = await findDifferences(session, manifest);
        const known = new Set(manifest.tables.map(tableKey));
        const more = (await readTables(session)).filter((table) => !known.has(tableKey(table)));
        return [
          ...differing,
          ...more.map((table) => `${table.schema}.${table.name}: not in the backup`),
          ...((await countLargeObjects(session)) > 0 ? ["large objects: not in the backup"] : []),
        ];
      });
    }),
  );
}
