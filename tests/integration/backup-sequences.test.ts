import { describe, expect, it, onTestFinished } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { createBackup } from "../../src/data/backup/create-backup.js";
import { restoreBackup } from "../../src/data/restore/restore-backup.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase, type EmptyDatabase } from "../../src/testing/create-empty-database.js";
import { backupOptions, claimDatabase, migrate } from "../support/backup-options.js";
import { serverUrl } from "../support/databases.js";
import { makeFolder, ONE } from "./migration-folder.js";

const SQL = `
create schema numbers; create schema reports;
create sequence numbers.invoices start 1000;
create table invoices (id int primary key default nextval('numbers.invoices'));
create materialized view reports.totals as select count(*) as invoices from invoices;`;

/** A database of these migrations with a row in it, and their folder. */
async function makeSource(): Promise<{ source: EmptyDatabase; out: string }> {
  const source = await createEmptyDatabase({ serverUrl });
  onTestFinished(() => source.drop());
  const out = await makeFolder({ [ONE]: SQL });
  await migrate(source.adminUrl, out);
  await source.admin
    .unsafe("insert into invoices default values; refresh materialized view reports.totals")
    .simple();
  return { source, out };
}

describe("a backup", () => {
  it("holds sequences and materialized views of schemas that have no table", async () => {
    const { source, out } = await makeSource();
    const options = await backupOptions(source.adminUrl, out);
    const { file } = await createBackup(options);
    const into = claimDatabase(`restored_${source.name}`);
    await restoreBackup({ file, url: source.adminUrl, project: options.project, into, isDevelopment: true });
    await withDatabase(onDatabase(source.adminUrl, into), {}, async (database) => {
      expect(await database`select nextval('numbers.invoices')::int as next`).toEqual([{ next: 1001 }]);
      expect(await database`select invoices::int from reports.totals`).toEqual([{ invoices: 1 }]);
    });
  });

  it("is taken beside sequences and views that no migration makes, and names them", async () => {
    const { source, out } = await makeSource();
    await source.admin
      .unsafe(
        `create table by_hand (id serial); create sequence loose; create materialized view reports.mine as select 1;
       create schema tool; create sequence tool.jobs`,
      )
      .simple();
    const { manifest, verified } = await createBackup(await backupOptions(source.adminUrl, out));
    expect(verified).toBe(true);
    expect(manifest.leftOut).toEqual([
      { name: "public.by_hand", reason: "no migration makes it" },
      { name: "public.loose", reason: "no migration makes it" },
      { name: "reports.mine", reason: "no migration makes it" },
      { name: "schema tool", reason: "no migration makes it: jobs" },
    ]);
  });

  it("says which sequence of the migrations is gone", async () => {
    const { source, out } = await makeSource();
    await source.admin.unsafe("alter sequence numbers.invoices rename to invoice_numbers");
    const { warnings } = await createBackup(await backupOptions(source.adminUrl, out));
    expect(warnings).toEqual([
      "not in the backup: numbers.invoice_numbers (no migration makes it)",
      "numbers.invoices is missing, which the migrations make",
    ]);
  });
});
