import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { BackupOptions } from "../../src/data/backup/create-backup.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { serverUrl } from "./databases.js";

/** A folder that is removed after the test. */
async function makeBackupFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tenantry-backups-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What a backup of a database needs, whose migrations are in a folder; written into a folder of its own. */
export async function backupOptions(url: URL, out: string): Promise<BackupOptions> {
  return {
    url,
    project: { out, folder: await readFolder(out), ledger: DEFAULT_LEDGER },
    shadow: { server: new URL(serverUrl), connect: {} },
    directory: await makeBackupFolder(),
    version: "0.0.0-test",
  };
}

/** Applies a folder's migrations. */
export async function migrate(url: URL, out: string): Promise<void> {
  const folder = await readFolder(out);
  await applyMigrations({ url, folder, ledger: DEFAULT_LEDGER, adminRole: "app_admin" });
}

/** A database's name that is dropped after the test, if there is one of that name by then. */
export function claimDatabase(name: string): string {
  onTestFinished(() =>
    withDatabase(new URL(serverUrl), {}, async (server) => {
      await server.unsafe(`drop database if exists "${name.replaceAll('"', '""')}" with (force)`);
    }),
  );
  return name;
}
