import { rm } from "node:fs/promises";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as migrateByDrizzle } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { describe, expect, it } from "vitest";
import type { LedgerPlace } from "../../src/migrate/ledger/ledger.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { withMigrationLock } from "../../src/migrate/run/migration-lock.js";
import type { Database } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";
import {
  apply,
  makeFolder,
  ledgerNames as names,
  ONE,
  putMigration,
  THREE,
  TWO,
} from "./migration-folder.js";

async function migrateAsDrizzleDoes(
  url: URL,
  folder: string,
  place: LedgerPlace = DEFAULT_LEDGER,
): Promise<void> {
  const client = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    await migrateByDrizzle(drizzle({ client }), {
      migrationsFolder: folder,
      migrationsSchema: place.schema,
      migrationsTable: place.table,
    });
  } finally {
    await client.end();
  }
}

describe("applyMigrations", () => {
  it("applies each migration once, in order", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [TWO]: "alter table a add y int", [ONE]: "create table a (x int)" });
    expect(await apply(database, folder)).toEqual([ONE, TWO]);
    expect(await apply(database, folder)).toEqual([]);
    expect(await names(database.admin)).toEqual([ONE, TWO]);
  });

  it("keeps the first migration and nothing of the second when that fails", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int)",
      [TWO]:
        "create table b (x int);\n--> statement-breakpoint\ninsert into a values (1);\n--> statement-breakpoint\nalter table a\n  add colum y int;",
      [THREE]: "create table c (x int)",
    });
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "migration-failed",
      message: `Migration ${TWO} failed: syntax error at or near "int" (42601).`,
      details: [`${join(folder, TWO, "migration.sql")}:6:`, "  add colum y int;", `${" ".repeat(14)}^`],
      hint: expect.stringContaining(join(folder, TWO, "migration.sql")),
    });
    expect(await names(database.admin)).toEqual([ONE]);
    expect(
      await database.admin`select to_regclass('b') as b, to_regclass('c') as c, (select count(*)::int from a) as n`,
    ).toEqual([{ b: null, c: null, n: 0 }]);
    await putMigration(folder, TWO, "create table b (x int)");
    expect(await apply(database, folder)).toEqual([TWO, THREE]);
  });

  it("fails at commit as it does before: a deferred constraint leaves nothing", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]:
        "create table p (x int primary key); create table a (x int references p deferrable initially deferred); insert into a values (1)",
    });
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "migration-failed",
      message: expect.stringContaining(ONE),
    });
    expect(await names(database.admin)).toEqual([]);
  });

  it.each([
    "create table a (x int);\n--> statement-breakpoint\nrollback",
    "begin; create table a (x int); commit and chain; create table b (x int); commit",
    "begin; create table a (x int); prepare transaction 'x'",
    "create table a (x int); copy a from stdin",
  ])("refuses a migration that no checkpoint can follow: %j", async (sql) => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: sql });
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "sql-invalid",
      message: expect.stringContaining(ONE),
    });
    expect(await names(database.admin)).toEqual([]);
    expect(await database.admin`select to_regclass('a') as a`).toEqual([{ a: null }]);
  });

  it("takes the words of transactions where they are none", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]:
        "create table a (commit text default 'begin; commit;');\n-- rollback\ncreate function f() returns void language plpgsql as $$ begin null; end $$;",
      [TWO]: "savepoint s; create table b (x int); rollback to savepoint s; create table c (x int)",
    });
    expect(await apply(database, folder)).toEqual([ONE, TWO]);
  });

  it("does not let a setting of one migration reach the next", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]:
        "select pg_catalog.set_config('search_path', '', false); set role pg_read_all_data; reset role; create schema s",
      [TWO]: "create table a (x int)",
    });
    expect(await apply(database, folder)).toEqual([ONE, TWO]);
  });

  it("takes a comment alone, an empty file, and one with a byte order mark or CRLF", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "-- Custom SQL migration file, put your code below! --\n",
      [TWO]: "",
      [THREE]: "create table a (x int);\r\n--> statement-breakpoint\r\ncreate table b (x int);\r\n",
    });
    expect(await apply(database, folder)).toEqual([ONE, TWO, THREE]);
  });
});

describe("the ledger", () => {
  const sql = { [ONE]: "create table a (x int)", [TWO]: "create table b (x int)" };

  it.each([DEFAULT_LEDGER, { schema: "my ledger", table: "done" }])(
    "is drizzle-orm's: after ours, its migrate() finds nothing to do (%j)",
    async (place) => {
      const database = await createEmptyDatabase();
      const folder = await makeFolder(sql);
      await apply(database, folder, { ledger: place });
      await migrateAsDrizzleDoes(database.adminUrl, folder, place);
      expect(await names(database.admin, place)).toEqual([ONE, TWO]);
      await putMigration(folder, THREE, "create table c (x int)");
      await migrateAsDrizzleDoes(database.adminUrl, folder, place);
      expect(await apply(database, folder, { ledger: place })).toEqual([]);
    },
  );

  it("is drizzle-orm's: after its migrate(), ours finds nothing to do", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder(sql);
    await migrateAsDrizzleDoes(database.adminUrl, folder);
    expect(await apply(database, folder)).toEqual([]);
    await putMigration(folder, THREE, "create table c (x int)");
    expect(await apply(database, folder)).toEqual([THREE]);
    await migrateAsDrizzleDoes(database.adminUrl, folder);
    expect(await names(database.admin)).toEqual([ONE, TWO, THREE]);
  });

  it("has, row by row, what drizzle-orm writes", async () => {
    const [ours, theirs] = [await createEmptyDatabase(), await createEmptyDatabase()];
    const folder = await makeFolder(sql);
    await apply(ours, folder);
    await migrateAsDrizzleDoes(theirs.adminUrl, folder);
    const read = (database: Database) =>
      database`select id, hash, created_at, name from drizzle.__drizzle_migrations order by id`;
    expect(await read(ours.admin)).toEqual(await read(theirs.admin));
    const columns = (database: Database) => database`
      select column_name, data_type, column_default, is_nullable from information_schema.columns
      where table_schema = 'drizzle' order by ordinal_position`;
    expect(await columns(ours.admin)).toEqual(await columns(theirs.admin));
  });

  it("lets drizzle-orm alone bring an empty database to full isolation, completion included", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject();
    await project.write(`
      export const owners = pgTable("owners", { ...tenantRootKey() }, (t) => [tenantRoot(t, { audit: true })]);
      export const notes = pgTable("notes", { ...tenantKey(), number: serial(), parentId: uuid("parent_id"), updatedAt: timestamp("updated_at") }, (t) => [withTenantRls(t, { audit: true }),
        tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })]);
      export const log = pgTable("log", { ...tenantKey(), actor: text(), action: text(), tableName: text("table_name"), rowId: text("row_id"),
        before: jsonb(), after: jsonb(), requestId: text("request_id") }, (t) => [tenantAuditLog(t)]);`);
    await project.create("init");
    await migrateAsDrizzleDoes(database.adminUrl, project.out);
    expect(await project.audit(database.admin)).toEqual([]);
    expect(await project.migrate(database.adminUrl)).toMatchObject({ applied: [] });
    const status = await project.run(["status", "--json"], { DATABASE_URL: database.adminUrl.href });
    expect(JSON.parse(status.stdout)).toMatchObject({
      ok: true,
      data: { migrations: { applied: 1, pending: [] } },
    });
  });

  it("refuses a file that was edited after it was applied, and changes nothing", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder(sql);
    await apply(database, folder);
    await putMigration(folder, ONE, "create table a (x bigint)");
    await putMigration(folder, THREE, "create table c (x int)");
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "migrations-folder",
      message: "A migration was edited after being applied.",
      details: [join(folder, ONE, "migration.sql")],
    });
    expect(await names(database.admin)).toEqual([ONE, TWO]);
  });

  it("refuses a folder that lacks what was applied", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder(sql);
    await apply(database, folder);
    await rm(join(folder, ONE), { recursive: true });
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "migrations-folder",
      details: [ONE],
    });
  });

  it("applies an older migration that was merged late", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: sql[ONE] ?? "", [THREE]: "create table c (x int)" });
    await apply(database, folder);
    await putMigration(folder, TWO, "create table b (x int)");
    expect(await apply(database, folder)).toEqual([TWO]);
    expect(await names(database.admin)).toEqual([ONE, THREE, TWO]);
    await migrateAsDrizzleDoes(database.adminUrl, folder);
    expect(await apply(database, folder)).toEqual([]);
  });
});

describe("several migrators", () => {
  it("at once apply each migration once", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int); select pg_sleep(0.3)",
      [TWO]: "insert into a values (1); select pg_sleep(0.3)",
    });
    const applied = await Promise.all([
      apply(database, folder),
      apply(database, folder),
      apply(database, folder),
    ]);
    expect(applied.flat().sort()).toEqual([ONE, TWO]);
    expect(await database.admin`select count(*)::int as n from a`).toEqual([{ n: 1 }]);
  });

  it("wait for one another, say for whom, and give up in time", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    await withMigrationLock(database.adminUrl, { waitSeconds: 0 }, async () => {
      const told: string[] = [];
      const logger = { info: (message: string) => void told.push(message), warn: () => {} };
      await expect(apply(database, folder, { lockWaitSeconds: 1, logger })).rejects.toMatchObject({
        code: "lock-timeout",
        message: expect.stringMatching(
          /Another migrator holds the lock of this database: process \d+ of postgres at .* since \d{4}-/,
        ),
        hint: expect.stringContaining("1 s"),
      });
      expect(told).toEqual([expect.stringMatching(/^waiting for another migrator: process \d+ of postgres/)]);
    });
    expect(await apply(database, folder)).toEqual([ONE]);
  });

  it("of two databases on one server do not wait for one another", async () => {
    const [one, other] = [await createEmptyDatabase(), await createEmptyDatabase()];
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    await withMigrationLock(one.adminUrl, { waitSeconds: 0 }, async () => {
      expect(await apply(other, folder, { lockWaitSeconds: 0 })).toEqual([ONE]);
    });
  });

  it("stop waiting at Ctrl-C", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    await withMigrationLock(database.adminUrl, { waitSeconds: 0 }, async () => {
      const controller = new AbortController();
      const logger = { info: () => controller.abort(), warn: () => {} };
      await expect(apply(database, folder, { signal: controller.signal, logger })).rejects.toMatchObject({
        code: "interrupted",
      });
    });
    expect(await names(database.admin)).toEqual([]);
  });
});

describe("Ctrl-C during a migration", () => {
  it("cancels the statement under way and rolls back", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int)",
      [TWO]: "create table b (x int);\n--> statement-breakpoint\nselect pg_sleep(60);",
    });
    const controller = new AbortController();
    const outcome = expect(apply(database, folder, { signal: controller.signal })).rejects.toMatchObject({
      code: "interrupted",
    });
    await expect
      .poll(
        async () =>
          (
            await database.admin`select from pg_stat_activity where datname = current_database() and query like 'select pg_sleep(60)%' and state = 'active'`
          ).length,
        { timeout: 30_000 },
      )
      .toBe(1);
    controller.abort();
    await outcome;
    expect(await names(database.admin)).toEqual([ONE]);
    expect(await database.admin`select to_regclass('b') as b`).toEqual([{ b: null }]);
    await putMigration(folder, TWO, "create table b (x int)");
    expect(await apply(database, folder)).toEqual([TWO]);
  });
});
