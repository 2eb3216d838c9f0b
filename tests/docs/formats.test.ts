import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fingerprintFacts } from "../../src/catalog/fingerprint.js";
import { TenantryError } from "../../src/core/errors.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import { ensureEngineTables } from "../../src/migrate/run/engine-tables.js";
import { requireEnvironment, writeEnvironmentMark } from "../../src/migrate/run/environment-mark.js";
import { createEmptyDatabase, dropDatabases } from "../support/databases.js";
import { aMigration } from "../support/migration-folder.js";
import { readBlocks, readPage, readRows, readSections, repository } from "./support/markdown.js";

const page = readPage("docs/formats.md");
const sections = readSections(page, 2);
const sectionOf = (title: string) => sections.find((section) => section.title === title)?.text ?? "";
const bare = (cell = "") => cell.replaceAll("`", "");
const columnsOn = (text: string) => readRows(text).map(([column, type]) => `${bare(column)} ${type}`);

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;

beforeAll(async () => {
  database = await createEmptyDatabase();
  // Others' databases are on the same server, with runs of their own.
  const sql = `create table held as select classid, objid from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())`;
  await applyMigrations({
    url: database.adminUrl,
    folder: [aMigration({ name: "20260101000000_held", sql })],
    ledger: DEFAULT_LEDGER,
    adminRole: "app_admin",
  });
});
afterAll(dropDatabases);

async function columnsIn(table: string): Promise<string[]> {
  const rows = await database.admin<{ text: string }[]>`
    select a.attname || ' ' || format_type(a.atttypid, a.atttypmod) as text from pg_attribute a
    where a.attrelid = ${table}::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`;
  return rows.map(({ text }) => text);
}

describe("docs/formats.md", () => {
  it("has the columns of the ledger and of each table of ours, with their types, in their order", async () => {
    const [runs = "", migrations = ""] = sectionOf("The run log").split("\n`tenantry.run_migrations`");
    expect(columnsOn(sectionOf("The ledger"))).toEqual(await columnsIn("drizzle.__drizzle_migrations"));
    expect(columnsOn(runs)).toEqual(await columnsIn("tenantry.runs"));
    expect(columnsOn(migrations)).toEqual(await columnsIn("tenantry.run_migrations"));
    expect(columnsOn(sectionOf("The checkpoints"))).toEqual(await columnsIn("tenantry.checkpoints"));
  });

  it("has the keys of tenantry.meta, and every environment", async () => {
    const rows = readRows(sectionOf("The environment"));
    await writeEnvironmentMark(database.admin, "staging");
    const meta = await database.admin<
      { key: string; value: string }[]
    >`select * from tenantry.meta order by key desc`;
    expect(rows.map(([key]) => bare(key))).toEqual(meta.map(({ key }) => key));
    expect(bare(rows[0]?.[1])).toContain(`${meta[0]?.value}: the version`);
    for (const [, environment] of rows[1]?.[1]?.matchAll(/`(\w+)`/g) ?? []) {
      if (environment === "staging") continue;
      expect(() => requireEnvironment("staging", environment as "production")).toThrow(TenantryError);
    }
  });

  it("computes the fingerprint that it shows", () => {
    const [facts, shown] = readBlocks(page).filter(({ section }) => section === "The fingerprint");
    const pairs = (facts?.text ?? "").split("\n").map((line) => JSON.parse(line) as [string, string]);
    expect(fingerprintFacts(pairs.map(([key, value]) => ({ key, value })))).toBe(shown?.text);
    expect(fingerprintFacts([...pairs].reverse().map(([key, value]) => ({ key, value })))).toBe(shown?.text);
  });

  it("names the locks that a run holds", async () => {
    const held = await database.admin`select classid || ', ' || objid as lock from held order by objid`;
    const rows = readRows(sectionOf("The locks")).map(([lock]) => bare(lock));
    expect(rows.slice(0, 2)).toEqual(held.map(({ lock }) => lock));
    expect(rows[2]).toBe(`${held[0]?.lock.split(",")[0]}, 3`);
  });

  it("names every event that the sources have, and no other", () => {
    const files = (folder: string) =>
      readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => readFileSync(join(repository, folder, name), "utf8"));
    const sources = ["src/core", "src/migrate", "src/cli"].flatMap(files).join("\n");
    const written = new Set([...sources.matchAll(/event: "([a-z-]+)"/g)].map(([, event]) => event));
    const told = readRows(sectionOf("Events")).flatMap(([cell = ""]) =>
      [...cell.matchAll(/`([a-z-]+)`/g)].map(([, event]) => event),
    );
    expect([...told].sort()).toEqual([...written].sort());
  });

  it("is right that services may read none of it", async () => {
    await ensureEngineTables(database.admin);
    const grants = await database.admin`
      select from pg_class c, aclexplode(c.relacl) a where c.relnamespace = 'tenantry'::regnamespace and a.grantee <> c.relowner`;
    expect(grants).toHaveLength(0);
  });
});
