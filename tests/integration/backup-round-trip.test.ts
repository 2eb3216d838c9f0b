import { readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { createBackup } from "../../src/data/backup/create-backup.js";
import { readManifest } from "../../src/data/backup-file/read-frames.js";
import { restoreBackup } from "../../src/data/restore/restore-backup.js";
import { readServerFacts } from "../../src/postgres/server-facts.js";
import { createEmptyDatabase } from "../../src/testing/create-empty-database.js";
import { backupOptions, claimDatabase, migrate } from "../support/backup-options.js";
import { serverUrl } from "../support/databases.js";
import { everyRowSql, everyTypeSql } from "../support/every-type.js";
import { makeFolder, ONE, TWO } from "./migration-folder.js";

describe("a backup of every type that PostgreSQL has", () => {
  it("comes back to the last bit, with its sequences, triggers and partitions", async () => {
    const source = await createEmptyDatabase({ serverUrl });
    const { major } = await readServerFacts(source.admin);
    const out = await makeFolder({
      [ONE]: everyTypeSql(major),
      [TWO]: "alter table broken_rule add constraint positive check (n > 0) not valid",
    });
    try {
      await migrate(source.adminUrl, out);
      await source.admin.unsafe("alter table broken_rule drop constraint positive").simple();
      await source.admin.unsafe(everyRowSql(major)).simple();
      await source.admin
        .unsafe("alter table broken_rule add constraint positive check (n > 0) not valid")
        .simple();
      const options = await backupOptions(source.adminUrl, out);
      const report = await createBackup(options);
      expect(report).toMatchObject({ verified: true, warnings: [], encrypted: false });
      expect((await stat(report.file)).mode & 0o777).toBe(0o600);
      expect(await readdir(dirname(report.file))).toHaveLength(1);
      const into = claimDatabase(`${source.name}_back`);
      const restored = await restoreBackup({
        file: report.file,
        url: source.adminUrl,
        project: options.project,
        into,
        isDevelopment: true,
      });
      expect(restored).toMatchObject({ database: into, replaced: false, warnings: [] });
      const again = await createBackup({ ...options, url: onDatabase(source.adminUrl, into) });
      const facts = ({ tables, sequences, partitions, position }: typeof again.manifest) => ({
        tables,
        sequences,
        partitions,
        position,
      });
      expect(facts(await readManifest({ path: again.file }))).toEqual(facts(report.manifest));
    } finally {
      await source.drop();
    }
  });
});
