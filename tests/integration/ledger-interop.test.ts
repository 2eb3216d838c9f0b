import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convertedName } from "../../src/migrate/folder/converted-name.js";
import type { Migration } from "../../src/migrate/folder/migration.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER, readLedger } from "../../src/migrate/ledger/ledger.js";
import { upgradeLedger } from "../../src/migrate/ledger/upgrade-ledger.js";
import { pendingMigrations, planMigrations } from "../../src/migrate/plan/plan-migrations.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import type { Database } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import { migrateByDrizzle } from "../support/drizzle-migrate.js";
import { journalFiles, makeFiles } from "../support/migration-folder.js";

/** Applies what is pending as `tenantry migrate` does; returns its names. */
async function migrateByUs(url: URL, path: string): Promise<string[]> {
  const folder = await readFolder(path);
  const { applied } = await applyMigrations({ url, folder, ledger: DEFAULT_LEDGER, adminRole: "app_admin" });
  return applied.map(({ name }) => name);
}

const planOf = async (database: Database, path: string) =>
  planMigrations(await readFolder(path), await readLedger(database, DEFAULT_LEDGER));

async function empty(database: Database): Promise<void> {
  await database.unsafe(
    "drop schema if exists drizzle cascade; drop schema if exists tenantry cascade; drop schema public cascade; create schema public",
  );
}

/** Each makes a table of its own: what is applied twice fails. Their times are not whole seconds. */
const LINES = [0, 1, 2, 3, 4].map((number) => ({
  tag: `000${number}_m${number}`,
  when: Date.UTC(2026, 0, 1 + number, 1, 2, 3, 400 + number),
  sql: `create table t${number} (id int);\n--> statement-breakpoint\ninsert into t${number} values (1);`,
}));
type Line = (typeof LINES)[number];

/** The same folder as drizzle-kit up converts it. */
function convertedFiles(lines: readonly Line[]): Record<string, string> {
  return Object.fromEntries(
    lines.map(({ tag, when, sql }) => [
      `${convertedName({ layout: "journal", name: tag, createdAt: when })}/migration.sql`,
      sql,
    ]),
  );
}

/** Some of the migrations, merged in this order. */
const someLines = fc.subarray(LINES);

describe("the ledger", () => {
  it("is read by us and by drizzle-orm 1.0 after any sequence of both, and nothing is applied twice", async () => {
    const { admin, adminUrl } = await createEmptyDatabase();
    const steps = fc.array(fc.record({ byUs: fc.boolean(), merged: someLines }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        await empty(admin);
        const there = new Set<Line>();
        for (const { byUs, merged } of sequence) {
          for (const line of merged) there.add(line);
          const folder = await makeFiles(convertedFiles([...there]));
          if (byUs) await migrateByUs(adminUrl, folder);
          else await migrateByDrizzle("1.0", adminUrl, folder);
          expect(pendingMigrations(await planOf(admin, folder))).toEqual([]);
        }
        const folder = await makeFiles(convertedFiles([...there]));
        await migrateByDrizzle("1.0", adminUrl, folder);
        expect(await migrateByUs(adminUrl, folder)).toEqual([]);
        expect(await readLedger(admin, DEFAULT_LEDGER)).toHaveLength(there.size);
      }),
      { numRuns: 15 },
    );
  });

  it("is read by us and by drizzle-orm 0.45 after any sequence of both, and by 1.0 once the folder is converted", async () => {
    const { admin, adminUrl } = await createEmptyDatabase();
    const steps = fc.array(fc.record({ byUs: fc.boolean(), merged: someLines }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (sequence, endsWithUs) => {
        await empty(admin);
        const there = new Set<Line>();
        for (const { byUs, merged } of sequence) {
          for (const line of merged) there.add(line);
          const folder = await makeFiles(journalFiles([...there]));
          if (!byUs) await migrateByDrizzle("0.45", adminUrl, folder);
          // What it passes over is late, and nothing else is pending.
          const expected = (await planOf(admin, folder)).migrations.filter(({ state }) =>
            byUs ? state !== "applied" : state === "late",
          );
          expect(await migrateByUs(adminUrl, folder)).toEqual(expected.map(({ name }) => name));
          expect(pendingMigrations(await planOf(admin, folder))).toEqual([]);
        }
        const converted = await makeFiles(convertedFiles([...there]));
        expect(await migrateOnce(endsWithUs)).toEqual([]);
        expect(await migrateOnce(!endsWithUs)).toEqual([]);
        const names = (await readLedger(admin, DEFAULT_LEDGER)).map(({ name }) => name);
        expect(names.sort()).toEqual(
          Object.keys(convertedFiles([...there]))
            .map((path) => path.split("/")[0])
            .sort(),
        );

        async function migrateOnce(byUs: boolean): Promise<string[]> {
          if (byUs) return await migrateByUs(adminUrl, converted);
          await migrateByDrizzle("1.0", adminUrl, converted);
          return pendingMigrations(await planOf(admin, converted)).map(({ name }) => name);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("is upgraded as drizzle-orm 1.0 does it", async () => {
    const [one, other] = [await createEmptyDatabase(), await createEmptyDatabase()];
    const old = await makeFiles(journalFiles(LINES));
    const converted = await makeFiles(convertedFiles(LINES));
    for (const { adminUrl } of [one, other]) await migrateByDrizzle("0.45", adminUrl, old);
    await migrateByDrizzle("1.0", one.adminUrl, converted);
    expect(await upgradeLedger(other.admin, DEFAULT_LEDGER, await readFolder(converted))).toBe(LINES.length);
    expect(await upgradeLedger(other.admin, DEFAULT_LEDGER, await readFolder(converted))).toBe(0);
    const rows = ({ admin }: typeof one) => admin`select * from drizzle.__drizzle_migrations order by id`;
    expect(await rows(other)).toEqual(await rows(one));
    const columns = ({ admin }: typeof one) => admin`
      select column_name, data_type, column_default, is_nullable from information_schema.columns
      where table_name = '__drizzle_migrations' order by ordinal_position`;
    expect(await columns(other)).toEqual(await columns(one));
  });

  it("gets the names of rows that drizzle-orm 0.45 has added after it was upgraded", async () => {
    const { admin, adminUrl } = await createEmptyDatabase();
    const converted = await makeFiles(convertedFiles(LINES));
    await migrateByDrizzle("0.45", adminUrl, await makeFiles(journalFiles(LINES.slice(0, 3))));
    await migrateByUs(adminUrl, await makeFiles(convertedFiles(LINES.slice(0, 3))));
    await migrateByDrizzle("0.45", adminUrl, await makeFiles(journalFiles(LINES)));
    expect(await migrateByUs(adminUrl, converted)).toEqual([]);
    await migrateByDrizzle("1.0", adminUrl, converted);
    expect(await readLedger(admin, DEFAULT_LEDGER)).toMatchObject(
      LINES.map(() => ({ name: expect.stringMatching(/^2026/) })),
    );
  });
});

const corpora =
  process.env.TENANTRY_CORPORA ?? fileURLToPath(new URL("../../../shared/corpora", import.meta.url));
const isThere = existsSync(corpora);
if (!isThere) console.warn(`${corpora} is not there: real folders are not tried`);

describe.runIf(isThere)("the ledger of a real folder", () => {
  it("has nothing pending for us once drizzle-orm 0.45 has applied it", async () => {
    const { admin, adminUrl } = await createEmptyDatabase();
    await migrateByDrizzle("0.45", adminUrl, `${corpora}/dokploy`);
    const plan = await planOf(admin, `${corpora}/dokploy`);
    expect(new Set(plan.migrations.map(({ state }) => state))).toEqual(new Set(["applied"]));
    expect(plan).toMatchObject({ migrations: { length: 186 }, missing: [], duplicates: [], ambiguous: [] });
    const before = await admin`select * from drizzle.__drizzle_migrations order by id`;
    expect(await migrateByUs(adminUrl, `${corpora}/dokploy`)).toEqual([]);
    expect(await admin`select * from drizzle.__drizzle_migrations order by id`).toEqual(before);
  });

  it("has exactly those pending, and late, that drizzle-orm 0.45 passes over", async () => {
    const { admin, adminUrl } = await createEmptyDatabase();
    await migrateByDrizzle("0.45", adminUrl, `${corpora}/first-tree-before`);
    await migrateByDrizzle("0.45", adminUrl, `${corpora}/first-tree-after`);
    const plan = await planOf(admin, `${corpora}/first-tree-after`);
    const late: Migration[] = plan.migrations.filter(({ state }) => state === "late");
    expect(late.map(({ name }) => name)).toEqual(["0016_strange_havok", "0017_session_outputs_unique"]);
    expect(pendingMigrations(plan)).toEqual(late);
    expect(await migrateByUs(adminUrl, `${corpora}/first-tree-after`)).toEqual(late.map(({ name }) => name));
    await migrateByDrizzle("0.45", adminUrl, `${corpora}/first-tree-after`);
    expect(await readLedger(admin, DEFAULT_LEDGER)).toHaveLength(18);
  });
});
