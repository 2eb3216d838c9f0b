import { TenantryError } from "../../core/errors.js";
import { qualify } from "../../core/identifiers.js";
import type { Database } from "../../postgres/connect.js";
import { convertedName } from "../folder/converted-name.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace } from "./ledger.js";
import { readLedger } from "./ledger.js";
import { readLedgerShape } from "./ledger-shape.js";
import { describeEntry, matchLedger } from "./match-ledger.js";

/**
 * Gives each row of the ledger its name, in place and in one transaction, as drizzle-orm 1.0 would: its own `migrate()`
 * then finds nothing to do, and that of 0.x still reads what it reads. Also rows that drizzle-orm 0.x has added later. The
 * ledger of a folder in the old layout keeps its shape, since only drizzle-orm 0.x can use that folder. To be called under
 * the migration lock.
 *
 * @returns how many rows were given a name.
 * @throws TenantryError `migrations-folder` naming the rows that are no migration of the folder, or could be several; then
 * nothing is changed.
 */
export async function upgradeLedger(
  database: Database,
  place: LedgerPlace,
  folder: readonly Migration[],
): Promise<number> {
  const shape = (await readLedgerShape(database, place))?.shape;
  const isOldFolder = folder.some(({ layout }) => layout === "journal");
  if (shape === undefined || (shape === "unnamed" && isOldFolder)) return 0;
  if (shape === "named" && !(await readLedger(database, place)).some(({ name }) => name === "")) return 0;
  const table = qualify(place.schema, place.table);
  return await database.begin(async (session) => {
    // Against drizzle-orm, which knows nothing of our lock.
    await session.unsafe(`lock table ${table} in share row exclusive mode`);
    const rows = await readLedger(session, place);
    const { matched, unmatched, ambiguous } = matchLedger(folder, rows);
    const open = [...unmatched, ...ambiguous.map(({ entry }) => entry)].filter(({ name }) => name === "");
    if (open.length > 0) throw cannotUpgrade(place, open.map(describeEntry));
    const named = rows.flatMap((entry) => {
      const migration = entry.name === "" ? matched.get(entry) : undefined;
      return migration === undefined ? [] : [{ id: entry.id, name: convertedName(migration) }];
    });
    if (shape === "unnamed") {
      await session.unsafe(`alter table ${table} add column if not exists name text,
        add column if not exists applied_at timestamp with time zone default now()`);
    }
    // Nobody knows when those of drizzle-orm 0.x were applied; drizzle-orm 1.0 writes null for it too.
    await session.unsafe(
      `update ${table} as ledger set name = named.name${shape === "unnamed" ? ", applied_at = null" : ""}
       from unnest($1::bigint[], $2::text[]) as named(id, name) where ledger.id = named.id`,
      [named.map(({ id }) => id), named.map(({ name }) => name)],
    );
    return named.length;
  });
}

function cannotUpgrade(place: LedgerPlace, rows: readonly string[]): TenantryError {
  return new TenantryError({
    code: "migrations-folder",
    message: `The ledger ${place.schema}.${place.table} was written by drizzle-orm 0.x, and ${rows.length === 1 ? "a row of it fits" : `${rows.length} rows of it fit`} no migration, or several.`,
    details: rows,
    hint: "Update your checkout: the folder must hold every migration that the database has run. A row that somebody has added by hand must be deleted by hand.",
  });
}
