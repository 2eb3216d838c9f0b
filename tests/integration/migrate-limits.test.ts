import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Database } from "../../src/postgres/connect.js";
import { openDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import { apply, keepLog, ledgerNames, makeFolder, ONE, putMigration, TWO } from "./migration-folder.js";

/** Another session, with an open transaction that has done this. */
async function holdOpen(url: URL, sql: string) {
  const database = await openDatabase(url, { applicationName: "holder" });
  onTestFinished(() => database.end({ timeout: 0 }));
  const session = await database.reserve();
  await session.unsafe(`begin; ${sql}`);
  return { release: () => session.unsafe("rollback") };
}

/** Waits until the database says so. */
async function until(database: Database, condition: string): Promise<void> {
  while (!(await database.unsafe<{ yes: boolean }[]>(`select (${condition}) as yes`))[0]?.yes)
    await delay(20);
}

const WAITS =
  "exists (select from pg_stat_activity where datname = current_database() and application_name = 'tenantry migrate' and wait_event_type = 'Lock')";

describe("a table that somebody else holds", () => {
  it("is tried again, as a whole, until it is free", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int)",
      [TWO]: "create table b (x int); alter table a add y int",
    });
    await apply(database, folder, { to: ONE });
    const holder = await holdOpen(database.adminUrl, "select from a");
    const log = keepLog();
    const running = apply(database, folder, {
      logger: log.logger,
      timeouts: { lock: 50, retryFor: 600_000 },
    });
    await expect
      .poll(() => log.events.filter((event) => event === "retry").length, { timeout: 60_000 })
      .toBeGreaterThan(1);
    await holder.release();
    expect(await running).toEqual([TWO]);
    const [row] = await database.admin`select retries from tenantry.runs order by id desc limit 1`;
    expect(row?.retries).toBe(log.events.filter((event) => event === "retry").length);
    expect(
      await database.admin`select attempts > 1 as again from tenantry.run_migrations order by run_id desc limit 1`,
    ).toEqual([{ again: true }]);
  });

  it("is given up when the budget is spent: rolled back, and the next command named", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int)",
      [TWO]: "create table b (x int);\nalter table a add y int",
    });
    await apply(database, folder, { to: ONE });
    await holdOpen(database.adminUrl, "select from a");
    await expect(apply(database, folder, { timeouts: { lock: 50, retryFor: 0 } })).rejects.toMatchObject({
      code: "lock-timeout",
      message: expect.stringContaining("lock timeout (55P03)"),
      hint: expect.stringMatching(/^Nothing of it was applied\. Run "tenantry migrate" again/),
    });
    expect(await database.admin`select to_regclass('b') as b`).toEqual([{ b: null }]);
    expect(await ledgerNames(database.admin)).toEqual([ONE]);
    expect(
      await database.admin`select outcome, error_code from tenantry.runs order by id desc limit 1`,
    ).toEqual([{ outcome: "failed", error_code: "lock-timeout" }]);
  });

  it("is waited for as long as the file says", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int)",
      [TWO]: "-- tenantry: lock_timeout=0\nalter table a add y int",
    });
    await apply(database, folder, { to: ONE });
    const holder = await holdOpen(database.adminUrl, "select from a");
    const log = keepLog();
    const running = apply(database, folder, { logger: log.logger, timeouts: { lock: 1, retryFor: 0 } });
    await expect
      .poll(() => log.told.join("\n"), { timeout: 60_000 })
      .toMatch(/waiting for a lock: process \d+ of postgres \(holder\)/);
    await holder.release();
    expect(await running).toEqual([TWO]);
    expect(
      await database.admin`select lock_wait_ms > 0 as waited from tenantry.runs order by id desc limit 1`,
    ).toEqual([{ waited: true }]);
  });

  it("does not fail an index that is built concurrently, which nobody queues up behind", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int)",
      [TWO]: "create index concurrently a_x on a (x)",
    });
    await apply(database, folder, { to: ONE });
    const holder = await holdOpen(database.adminUrl, "insert into a values (1)");
    const running = apply(database, folder, { timeouts: { lock: 1, retryFor: 0 } });
    await until(database.admin, WAITS);
    await holder.release();
    expect(await running).toEqual([TWO]);
  });

  it("ends a deadlock by trying again", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int); create table b (x int)",
      [TWO]:
        "set local deadlock_timeout = 1; lock table a; select pg_advisory_xact_lock(7); lock table b; insert into a values (1)",
    });
    await apply(database, folder, { to: ONE });
    await database.admin`select pg_advisory_lock(7)`;
    const other = await openDatabase(database.adminUrl, { max: 2 });
    onTestFinished(() => other.end({ timeout: 0 }));
    const session = await other.reserve();
    await session.unsafe("begin; set local deadlock_timeout = '1h'; lock table b");
    const log = keepLog();
    const running = apply(database, folder, {
      logger: log.logger,
      timeouts: { lock: 0, retryFor: 600_000 },
    });
    await until(database.admin, WAITS);
    const crossing = session.unsafe("lock table a; rollback").execute();
    await until(
      database.admin,
      "exists (select from pg_locks where relation = 'a'::regclass and not granted)",
    );
    await database.admin`select pg_advisory_unlock(7)`;
    expect(await running).toEqual([TWO]);
    await crossing;
    expect(log.told.join("\n")).toContain("40P01");
    expect(await database.admin`select count(*)::int as n from a`).toEqual([{ n: 1 }]);
  });
});

describe("a limit of time", () => {
  it("for idle sessions, of a login's own, does not end a run that waits for another", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    const other = await openDatabase(database.adminUrl);
    onTestFinished(() => other.end({ timeout: 0 }));
    const session = await other.reserve();
    await session.unsafe("select pg_advisory_lock(1953395826, 1)");
    await database.admin.unsafe(`alter database "${database.name}" set idle_session_timeout = '300ms'`);
    const log = keepLog();
    const running = apply(database, folder, { logger: log.logger });
    await expect.poll(() => log.events, { timeout: 60_000 }).toContain("lock-waited-for");
    await session.unsafe("select pg_sleep(1); select pg_advisory_unlock(1953395826, 1)");
    expect(await running).toEqual([ONE]);
  });

  it.each([
    ["for a statement", { statement: 50 }, "select pg_sleep(60)", /--statement-timeout/],
    [
      "for a statement, in the file",
      {},
      "-- tenantry: statement_timeout=50ms\nselect pg_sleep(60)",
      /--statement-timeout/,
    ],
    [
      "for a statement that runs alone",
      { statement: 50 },
      "vacuum a; do $$ begin commit; perform pg_sleep(60); end $$",
      /first 1 of 2 statements are applied/,
    ],
  ])("%s rolls back whole", async (_, timeouts, sql, hint) => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int)", [TWO]: sql });
    await expect(apply(database, folder, { timeouts })).rejects.toMatchObject({
      code: "migration-failed",
      message: expect.stringContaining("statement timeout"),
      hint: expect.stringMatching(hint),
    });
    expect(await ledgerNames(database.admin)).toEqual([ONE]);
  });

  it("for the run cancels what is under way", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int); select pg_sleep(600)" });
    await expect(apply(database, folder, { timeouts: { deadline: 1500 } })).rejects.toMatchObject({
      code: "interrupted",
      message: expect.stringContaining("deadline of 1.5 s"),
    });
    expect(await database.admin`select to_regclass('a') as a`).toEqual([{ a: null }]);
    await until(
      database.admin,
      "not exists (select from pg_stat_activity where application_name like 'tenantry migrate%' and datname = current_database())",
    );
    await putMigration(folder, ONE, "create table a (x int)");
    expect(await apply(database, folder)).toEqual([ONE]);
  });

  it("is not held against the next migration", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]:
        "-- tenantry: statement_timeout=20s\nselect set_config('lock_timeout', '1', false), set_config('work_mem', '100MB', false)",
      [TWO]:
        "create table a as select current_setting('lock_timeout') as l, current_setting('statement_timeout') as s, current_setting('idle_in_transaction_session_timeout') as i, current_setting('work_mem') as c",
    });
    await apply(database, folder);
    expect(await database.admin`select l, s, i, c from a`).toEqual([
      { l: "3s", s: "0", i: "1min", c: "4MB" },
    ]);
  });
});

describe("a run whose connection is lost", () => {
  it.each([
    ["that executes", "tenantry migrate"],
    ["that holds the lock", "tenantry migrate lock"],
  ])("%#: the one %s, is told so, and nothing of the migration is left", async (_, name) => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: "create table a (x int)",
      [TWO]: "create table b (x int); select pg_sleep(600)",
    });
    const outcome = expect(apply(database, folder)).rejects.toMatchObject({
      code: "connection-failed",
      message: expect.stringMatching(/lost; what was under way is rolled back/),
    });
    await until(
      database.admin,
      "exists (select from pg_stat_activity where query like '%pg_sleep(600)' and datname = current_database() and state = 'active' and pid <> pg_backend_pid())",
    );
    await database.admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${name} and datname = current_database()`;
    await outcome;
    await putMigration(folder, TWO, "create table b (x int)");
    expect(await apply(database, folder)).toEqual([TWO]);
    expect(await database.admin`select outcome from tenantry.runs order by id`).toMatchObject([
      { outcome: expect.stringMatching(/failed|interrupted|died/) },
      { outcome: "applied" },
    ]);
  });
});
