import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Logger } from "../../src/core/logger.js";
import { formatMigration } from "../../src/migrate/create/migration-text.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import { createEmptyDatabase, migrationsFolder, serverUrl } from "../support/databases.js";
import { readBlocks, readPage } from "./support/markdown.js";
import { createSnippetProject } from "./support/snippet-project.js";

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

  it("shows a program that applies a folder, or finds out what a database is, and says what it found", async () => {
    const [shown] = readBlocks(readPage("docs/migrations.md")).filter(
      ({ section }) => section === "For programs",
    );
    if (shown === undefined) throw new Error("the page shows no program");
    const project = createSnippetProject([
      { ...shown, text: shown.text.replace('"drizzle"', JSON.stringify(migrationsFolder)) },
    ]);
    onTestFinished(project.remove);
    const { deploy } = (await project.load("deploy.ts")) as { deploy: Deploy };
    const said: string[] = [];
    const logger = { info: (message: string) => said.push(message), warn: () => {} };
    const { signal } = new AbortController();
    const run = async ({ adminUrl }: { readonly adminUrl: URL }) =>
      await deploy(adminUrl, new URL(serverUrl), logger, signal);
    const folder = await readFolder(migrationsFolder);
    const [fresh, restored, foreign] = [
      await createEmptyDatabase(),
      await createEmptyDatabase(),
      await createEmptyDatabase(),
    ];

    expect(await run(fresh)).toBe(`${folder.length} applied, 0 findings`);
    expect(said).toContain(`pending ${folder[0]?.name}`);
    expect(await run(fresh)).toBe("0 applied, 0 findings");
    expect(said).toContain(`applied ${folder[0]?.name}`);

    for (const { sql } of folder) await restored.admin.unsafe(sql).simple();
    expect(await run(restored)).toBe("0 applied, 0 findings");
    await restored.admin`drop schema drizzle cascade`;
    await restored.admin`alter table documents add column of_nobody int`;
    expect(await run(restored)).toMatch(/^not ours: column "public"."documents"."of_nobody"/);

    await foreign.admin`create table documents (id int)`;
    expect(await run(foreign)).toMatch(/^not ours: /);
    expect(await deploy(foreign.adminUrl, new URL(serverUrl), logger, AbortSignal.abort())).toMatch(
      /^interrupted: /,
    );
  });
});

type Deploy = (url: URL, shadow: URL, logger: Logger, signal: AbortSignal) => Promise<string>;
