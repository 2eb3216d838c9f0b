import { fingerprintCatalog } from "../../catalog/fingerprint.js";
import { readWholeStructure } from "../../catalog/read-whole-structure.js";
import { ENGINE_SCHEMA, ENGINE_TABLES } from "../../core/engine-schema.js";
import type { Database } from "../../postgres/connect.js";

/** The fingerprint that is kept with a run: of all that migrations can make, without our own tables. */
export async function fingerprintTarget(database: Database): Promise<string> {
  await database.unsafe("begin isolation level repeatable read, read only");
  try {
    const structure = await readWholeStructure(database);
    return fingerprintCatalog(structure, {
      ignore: ENGINE_TABLES.map((name) => `${ENGINE_SCHEMA}.${name}*`),
    });
  } finally {
    await database.unsafe("rollback");
  }
}
