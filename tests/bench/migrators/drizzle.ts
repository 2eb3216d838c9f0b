import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { drizzle as drizzleV0 } from "drizzle-orm-v0/postgres-js";
import { migrate as migrateV0 } from "drizzle-orm-v0/postgres-js/migrator";
import postgres from "postgres";
import type { BenchMigration, BenchMigrator } from "./migrator.js";
import { stampOf } from "./migrator.js";

/** drizzle-orm 1.0's own migrator, on a folder for each migration. */
export function benchDrizzle(folder: string): BenchMigrator {
  return {
    name: "drizzle-orm 1.0.0-rc.5",
    prepare: (migrations) => writeFolders(folder, migrations),
    migrate: (url) =>
      withClient(url, async (client) => {
        await migrate(drizzle({ client }), { migrationsFolder: folder });
      }),
  };
}

/** drizzle-orm 0.45's own migrator, on a journal. */
export function benchDrizzleV0(folder: string): BenchMigrator {
  return {
    name: "drizzle-orm 0.45.4",
    prepare: (migrations) => writeJournal(folder, migrations),
    migrate: (url) =>
      withClient(url, async (client) => {
        await migrateV0(drizzleV0(client), { migrationsFolder: folder });
      }),
  };
}

/** Writes the layout of drizzle-kit 1.0. */
export async function writeFolders(folder: string, migrations: readonly BenchMigration[]): Promise<void> {
  for (const [index, { name, sql }] of migrations.entries()) {
    const place = join(folder, `${stampOf(index)}_${name}`);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, "migration.sql"), sql);
  }
}

async function writeJournal(folder: string, migrations: readonly BenchMigration[]): Promise<void> {
  await mkdir(join(folder, "meta"), { recursive: true });
  const entries = migrations.map(({ name }, idx) => ({
    idx,
    version: "7",
    when: Date.UTC(2026, 0, 1) + idx * 1000,
    tag: `${String(idx).padStart(4, "0")}_${name}`,
    breakpoints: true,
  }));
  const journal = { version: "7", dialect: "postgresql", entries };
  await writeFile(join(folder, "meta/_journal.json"), JSON.stringify(journal));
  for (const [index, { sql }] of migrations.entries())
    await writeFile(join(folder, `${entries[index]?.tag}.sql`), sql);
}

async function withClient(url: URL, use: (client: postgres.Sql) => Promise<void>): Promise<void> {
  const client = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
