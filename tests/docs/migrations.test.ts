import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { describe, expect, it } from "vitest";
import { formatMigration } from "../../src/migrate/create/migration-text.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import { createEmptyDatabase, migrationsFolder } from "../support/databases.js";
import { readBlocks, readPage } from "./support/markdown.js";

describe("docs/migrations.md", () => {
  it("shows the markers of the completion as they are written", () => {
    const shown = readBlocks(readPage("docs/migrations.md"))
      .filter(({ language, section }) => language === "sql" && section === "The completion")
      .flatMap(({ text }) => text.split("\n"));
    const written = formatMigration({
      before: ["select 1"],
      generated: ["select 2"],
      completion: ["select 3"],
    });
    const markers = written.split("\n").filter((line) => line.startsWith("-- "));
    expect(markers).toEqual([shown[0], shown[2], shown[1], shown[2]]);
  });

  it("is right that drizzle-orm finds nothing to do after tenantry, and tenantry nothing after drizzle-orm", async () => {
    const folder = await readFolder(migrationsFolder);
    const [ours, theirs] = [await createEmptyDatabase(), await createEmptyDatabase()];
    const apply = async (url: URL) =>
      (await applyMigrations({ url, folder, ledger: DEFAULT_LEDGER, adminRole: "app_admin" })).applied;
    const ledger = async ({ admin }: typeof ours) =>
      (await admin`select name, hash from drizzle.__drizzle_migrations order by id`).map((row) => ({
        ...row,
      }));
    const names = folder.map(({ name, hash }) => ({ name, hash }));

    expect(await apply(ours.adminUrl)).toHaveLength(folder.length);
    await migrate(drizzle({ client: ours.admin }), { migrationsFolder });
    expect(await ledger(ours)).toEqual(names);

    await migrate(drizzle({ client: theirs.admin }), { migrationsFolder });
    expect(await apply(theirs.adminUrl)).toEqual([]);
    expect(await ledger(theirs)).toEqual(names);
  });
});
