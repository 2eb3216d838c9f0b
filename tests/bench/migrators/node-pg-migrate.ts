import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runner } from "node-pg-migrate";
import type { BenchMigrator } from "./migrator.js";
import { stampOf } from "./migrator.js";

/** node-pg-migrate, on files of SQL; each in a transaction of its own. */
export function benchNodePgMigrate(folder: string): BenchMigrator {
  return {
    name: "node-pg-migrate 9.0.0",
    prepare: async (migrations) => {
      await mkdir(folder, { recursive: true });
      for (const [index, { name, sql }] of migrations.entries())
        await writeFile(join(folder, `${stampOf(index)}_${name}.sql`), sql);
    },
    migrate: async (url) => {
      await runner({
        databaseUrl: url.href,
        dir: folder,
        direction: "up",
        migrationsTable: "pgmigrations",
        singleTransaction: false,
        log: () => {},
        logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      });
    },
  };
}
