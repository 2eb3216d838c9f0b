import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import type { LedgerPlace } from "../../src/migrate/ledger/ledger.js";
import { DEFAULT_LEDGER, readLedger } from "../../src/migrate/ledger/ledger.js";
import type { MigrateOptions } from "../../src/migrate/run/apply-migrations.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import type { Database } from "../../src/postgres/connect.js";

/** Names of migrations, in their order. */
export const ONE = "20260101000000_one";
export const TWO = "20260102000000_two";
export const THREE = "20260103000000_three";

/** A migrations folder of one's own, by the names and texts of its migrations. */
export async function makeFolder(migrations: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tenantry-migrations-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, sql] of Object.entries(migrations)) await putMigration(folder, name, sql);
  return folder;
}

/** Writes a migration, or another file beside it. */
export async function putMigration(
  folder: string,
  name: string,
  sql: string,
  file = "migration.sql",
): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, file), sql);
}

/** Applies a folder and gives the names of what was applied. */
export async function apply(
  database: { adminUrl: URL },
  folder: string,
  options: Partial<MigrateOptions> = {},
): Promise<string[]> {
  const { applied } = await applyMigrations({
    url: database.adminUrl,
    folder: await readFolder(folder),
    ledger: DEFAULT_LEDGER,
    adminRole: "app_admin",
    ...options,
  });
  return applied.map(({ name }) => name);
}

/** The names in the ledger. */
export async function ledgerNames(
  database: Database,
  place: LedgerPlace = DEFAULT_LEDGER,
): Promise<string[]> {
  return (await readLedger(database, place)).map(({ name }) => name);
}

/** A logger that keeps what it is told. */
export function keepLog() {
  const told: string[] = [];
  const events: string[] = [];
  const keep = (message: string, fields?: { readonly event: string }) => {
    told.push(message);
    events.push(fields?.event ?? "");
  };
  return { told, events, logger: { info: keep, warn: keep } };
}
