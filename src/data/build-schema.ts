import { quoteIdentifier } from "../core/identifiers.js";
import type { Migration } from "../migrate/folder/migration.js";
import { createLedgerSql } from "../migrate/ledger/ledger.js";
import type { LedgerPlace, LedgerShape } from "../migrate/ledger/ledger-shape.js";
import { ensureEngineTables } from "../migrate/run/engine-tables.js";
import { replayMigration } from "../migrate/run/replay-migration.js";
import type { Database } from "../postgres/connect.js";

/** What an empty database is to become. */
export type SchemaPlan = {
  readonly migrations: readonly Migration[];
  readonly ledger: LedgerPlace & { readonly shape: LedgerShape };
};

/**
 * Gives an empty database the tables of a backup: those that the migrations make, the ledger, and tenantry's own. The
 * ledger stays empty, since its rows are among those of the backup.
 *
 * @param database one connection.
 * @throws TenantryError as `replayMigration`.
 */
export async function buildSchema(
  database: Database,
  { migrations, ledger }: SchemaPlan,
  signal?: AbortSignal,
): Promise<void> {
  for (const migration of migrations) await replayMigration(database, migration, signal);
  await database.unsafe("reset session authorization; reset role; reset all");
  await database.unsafe(`create schema if not exists ${quoteIdentifier(ledger.schema)}`);
  await database.unsafe(createLedgerSql(ledger, ledger.shape));
  await ensureEngineTables(database);
}
