import { describe, expect, it } from "vitest";
import { createEmptyDatabase } from "../support/databases.js";
import {
  apply,
  keepLog,
  ledgerNames,
  makeFolder,
  ONE,
  putMigration,
  THREE,
  TWO,
} from "./migration-folder.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

const checkpoints = async (database: Awaited<ReturnType<typeof createEmptyDatabase>>) =>
  await database.admin`select migration, step, statements, finished_at is not null as done from tenantry.checkpoints order by 1, 2`;

const indexes = async (database: Awaited<ReturnType<typeof createEmptyDatabase>>) =>
  await database.admin`
    select c.relname as name, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = 'a'::regclass order by 1`;

describe("a migration that one transaction cannot hold", () => {
  it("runs step by step, and leaves no checkpoint when it is done", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]:
        "create table a (x int);\ninsert into a values (1), (2);\n--> statement-breakpoint\ncreate index concurrently a_x on a (x);vacuum a;\n--> statement-breakpoint\nalter table a add y int",
    });
    expect(await apply(database, folder)).toEqual([ONE]);
    expect(await ledgerNames(database.admin)).toEqual([ONE]);
    expect(await checkpoints(database)).toEqual([]);
    expect(await indexes(database)).toEqual([{ name: "a_x", valid: true }]);
    expect(
      await database.admin`select mode, jsonb_array_length(statements) as n from tenantry.run_migrations`,
    ).toEqual([{ mode: "steps", n: 5 }]);
  });

  it.each([
    ["reindex", "reindex table concurrently a"],
    ["dropping an index", "drop index concurrently a_x"],
    ["a server's setting", "alter system reset work_mem"],
    ["a database's place", "reindex schema public"],
    ["analysis with VACUUM", "vacuum (analyze) a"],
    ["discarding", "discard all"],
    ["a block that commits", "do $$ begin insert into a values (7); commit; end $$"],
    ["a procedure that commits", "call p()"],
    ["a procedure behind another statement", "insert into a values (8); call p()"],
    ["detaching a partition", "alter table parts detach partition part concurrently"],
    ["a directive", "-- tenantry: no-transaction\ninsert into a values (3); call p(); select 1"],
  ])("may hold %s", async (_, sql) => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: `create table a (x int); create index a_x on a (x);
        create procedure p() language plpgsql as $$ begin insert into a values (9); commit; end $$;
        create table parts (x int) partition by list (x); create table part partition of parts for values in (1);`,
      [TWO]: sql,
      [THREE]: "create table b (x int)",
    });
    expect(await apply(database, folder)).toEqual([ONE, TWO, THREE]);
    expect(await ledgerNames(database.admin)).toEqual([ONE, TWO, THREE]);
    expect(await checkpoints(database)).toEqual([]);
  });

  it.each([
    "alter type mood add value 'bored'; insert into a values ('bored')",
    "alter type mood add value 'bored';\n--> statement-breakpoint\nalter type mood add value 'keen' before 'bored';\n--> statement-breakpoint\ninsert into a values ('keen')",
    "alter type mood add value 'bored'; insert into a select ('bo' || 'red')::mood",
  ])("may use a new enum value: %j", async (sql) => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create type mood as enum ('glad'); create table a (x mood)",
      [TWO]: sql,
      [THREE]: "insert into a values ('bored')",
    });
    expect(await apply(database, folder)).toEqual([ONE, TWO, THREE]);
    expect(await database.admin`select count(*)::int as n from a`).toEqual([{ n: 2 }]);
  });

  it("keeps what is done when a later step fails, says so, and goes on there when the file is corrected", async () => {
    const database = await createEmptyDatabase();
    const steps = "create table a (x int);\nvacuum a;\ninsert into a values (1);\n";
    const folder = await makeFolder({ [ONE]: `${steps}insert into a values (1/0);` });
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "migration-failed",
      message: `Migration ${ONE} failed: division by zero (22012).`,
      details: [expect.stringMatching(/migration\.sql:4:$/), "insert into a values (1/0)"],
      hint: expect.stringMatching(
        /^Its first 2 of 4 statements are applied and stay\..*It goes on with statement 3\.$/,
      ),
    });
    expect(await ledgerNames(database.admin)).toEqual([]);
    expect(await database.admin`select from a`).toHaveLength(0);
    await putMigration(folder, ONE, `create table a (x int);\nvacuum full a;\ninsert into a values (2);`);
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "migrations-folder",
      message: expect.stringContaining("its statement 2, which has been applied"),
    });
    await putMigration(folder, ONE, `${steps}insert into a values (2);`);
    expect(await apply(database, folder)).toEqual([ONE]);
    expect(await database.admin`select x from a order by 1`).toEqual([{ x: 1 }, { x: 2 }]);
  });

  it("goes on with the settings of the session that earlier steps have made", async () => {
    const database = await createEmptyDatabase();
    const start = "create schema s;\nset search_path = s;\nvacuum pg_class;\n";
    const folder = await makeFolder({ [ONE]: `${start}create table a (x int); select 1/0` });
    await expect(apply(database, folder)).rejects.toMatchObject({ code: "migration-failed" });
    await putMigration(folder, ONE, `${start}create table a (x int)`);
    expect(await apply(database, folder)).toEqual([ONE]);
    expect(await database.admin`select to_regclass('s.a')::text as a`).toEqual([{ a: "s.a" }]);
  });

  it.each([
    ["by several statements", ""],
    ["by one statement each", "-- tenantry: no-transaction\n"],
  ])("goes on as the role that earlier steps have taken, also when it is resumed: %s", async (_, head) => {
    const database = await createEmptyDatabase();
    const { tenant: role } = roles;
    const owners = async () =>
      await database.admin`select proname as name, pg_get_userbyid(proowner) as owner from pg_proc
        where pronamespace = 'public'::regnamespace order by 1`;
    const make = (name: string) => `create function ${name}() returns int language sql as 'select 1';`;
    const text = (last: string) =>
      `${head}create role ${role}; create table a (x int); alter table a owner to ${role};
       grant create, usage on schema public to ${role};
       set role ${role}; ${make("one")} create index concurrently a_x on a (x); ${make("two")} ${last}
       vacuum a; ${make("three")} reset role; vacuum a; ${make("four")}`;
    const folder = await makeFolder({ [ONE]: text("select 1/0;") });
    await expect(apply(database, folder)).rejects.toMatchObject({ code: "migration-failed" });
    await putMigration(folder, ONE, text("select 1;"));
    expect(await apply(database, folder)).toEqual([ONE]);
    const [{ migrator } = { migrator: "" }] = await database.admin`select current_user as migrator`;
    expect(await owners()).toEqual([
      { name: "four", owner: migrator },
      { name: "one", owner: role },
      { name: "three", owner: role },
      { name: "two", owner: role },
    ]);
    await database.admin.unsafe(`drop owned by ${role}; drop role ${role}`);
  });

  it("forgets a role that the file has left, which may be gone by then", async () => {
    const database = await createEmptyDatabase();
    const { tenant: role } = roles;
    const folder = await makeFolder({
      [ONE]: `create table a (x int); create role ${role}; set role ${role}; reset role; vacuum a;
        drop role ${role}; vacuum a; insert into a values (1); vacuum a`,
    });
    expect(await apply(database, folder)).toEqual([ONE]);
    expect(await database.admin`select x from a`).toEqual([{ x: 1 }]);
  });

  it("updates nothing in silence at a later step, as an owner whom FORCE binds", async () => {
    const database = await createEmptyDatabase();
    const { tenant: role } = roles;
    const folder = await makeFolder({
      [ONE]: `create table a (x int); create role ${role}; create table b (x int); insert into b values (1);
        alter table b owner to ${role}; alter table b enable row level security, force row level security;
        set role ${role}; vacuum a; update b set x = 2`,
    });
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "migration-failed",
      message: expect.stringContaining("row-level security"),
    });
    await database.admin.unsafe(`drop owned by ${role}; drop role ${role}`);
  });

  it("goes on with the limits and the row security that earlier steps have set for the session", async () => {
    const database = await createEmptyDatabase();
    const show = "insert into a select current_setting('lock_timeout') || current_setting('row_security');";
    const folder = await makeFolder({
      [ONE]: `create table a (x text); set lock_timeout = '7s'; set row_security = off; ${show} vacuum a; ${show}
        reset all; vacuum a; insert into a select current_setting('lock_timeout');`,
    });
    expect(await apply(database, folder, { timeouts: { lock: 5000 } })).toEqual([ONE]);
    expect(await database.admin`select x from a`).toEqual([{ x: "7soff" }, { x: "7soff" }, { x: "5s" }]);
  });

  it("with a BEGIN and COMMIT of its own keeps them as the borders of its steps, and warns", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]:
        "begin isolation level serializable; create table a (x text); insert into a select current_setting('transaction_isolation'); COMMIT; insert into a select current_setting('transaction_isolation'); select 1/0;",
    });
    const { told, logger } = keepLog();
    await expect(apply(database, folder, { logger })).rejects.toMatchObject({ code: "migration-failed" });
    expect(told).toContainEqual(expect.stringContaining("has a BEGIN or COMMIT of its own"));
    expect(await database.admin`select x from a`).toEqual([{ x: "serializable" }]);
    expect(await checkpoints(database)).toMatchObject([
      { step: 2, statements: 2, done: true },
      { done: false },
    ]);
  });
});

describe("an index that was left behind invalid", () => {
  it("is dropped and built again, by the next run", async () => {
    const database = await createEmptyDatabase();
    const sql = "create unique index concurrently a_x on a (x)";
    const folder = await makeFolder({
      [ONE]: "create table a (x int); insert into a values (1), (1)",
      [TWO]: sql,
    });
    await expect(apply(database, folder)).rejects.toMatchObject({ code: "migration-failed" });
    expect(await indexes(database)).toEqual([{ name: "a_x", valid: false }]);
    await database.admin`delete from a`;
    const { events, logger } = keepLog();
    expect(await apply(database, folder, { logger })).toEqual([TWO]);
    expect(events).toContain("leftover-cleared");
    expect(await indexes(database)).toEqual([{ name: "a_x", valid: true }]);
  });

  it("by somebody else is dropped too, and a valid one of that name is not touched", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int)",
      [TWO]: "create index concurrently a_x on a (x)",
    });
    await apply(database, folder, { to: ONE });
    await database.admin.unsafe("insert into a values (1), (1)");
    await expect(database.admin.unsafe("create unique index concurrently a_x on a (x)")).rejects.toThrow(
      /a_x/,
    );
    expect(await apply(database, folder)).toEqual([TWO]);
    await putMigration(folder, THREE, "create index concurrently a_x on a (x)");
    await expect(apply(database, folder)).rejects.toMatchObject({
      message: expect.stringContaining("already exists"),
    });
  });
});
