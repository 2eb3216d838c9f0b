import { describe, expect, it, onTestFinished } from "vitest";
import type { MigrateOptions } from "../../src/migrate/run/apply-migrations.js";
import { openDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";
import { apply, keepLog, ledgerNames, makeFolder, ONE, TWO } from "./migration-folder.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

/** A database with one migration applied and one pending, and another session that holds a table altogether. */
async function whileHeld(table: string) {
  const database = await createEmptyDatabase();
  const folder = await makeFolder({ [ONE]: "create table a (x int)", [TWO]: "create table b (x int)" });
  await apply(database, folder, { to: ONE });
  const other = await openDatabase(database.adminUrl, { applicationName: "holder" });
  onTestFinished(() => other.end({ timeout: 0 }));
  const session = await other.reserve();
  await session.unsafe(`begin; lock table ${table}`);
  return { database, folder, release: () => session.unsafe("rollback") };
}

/** Reads a table, as PostgreSQL does to print its policies. */
const readsTheTable: NonNullable<MigrateOptions["judge"]> = async (session) => {
  await session.unsafe("select count(*) from a");
  return { findings: [], relations: new Set(["public.a"]) };
};

describe("what a run reads beside its migrations, while another session holds it", () => {
  it("is given up when the budget is spent, naming who holds it and the next command", async () => {
    const { database, folder, release } = await whileHeld("a");
    const running = apply(database, folder, { judge: readsTheTable, timeouts: { lock: 700, retryFor: 0 } });
    await expect(running).rejects.toMatchObject({
      code: "lock-timeout",
      message: expect.stringContaining("(55P03)"),
      details: [expect.stringMatching(/^process \d+ of .*holder/)],
      hint: expect.stringContaining('Run "tenantry migrate" again'),
    });
    await release();
    expect(await ledgerNames(database.admin)).toEqual([ONE]);
    expect(await database.admin`select outcome from tenantry.runs order by id desc limit 1`).toEqual([
      { outcome: "failed" },
    ]);
  });

  it("is tried again until it is free", async () => {
    const { database, folder, release } = await whileHeld("a");
    const log = keepLog();
    const timeouts = { lock: 50, retryFor: 600_000 };
    const running = apply(database, folder, { judge: readsTheTable, timeouts, logger: log.logger });
    await expect.poll(() => log.events, { timeout: 60_000 }).toContain("retry");
    await release();
    expect(await running).toEqual([TWO]);
  });

  it.each([
    ["the catalog", "a"],
    ["the ledger", "drizzle.__drizzle_migrations"],
  ])("keeps no run alive behind its deadline: %s", async (_, table) => {
    const { database, folder } = await whileHeld(table);
    const timeouts = { lock: 0, deadline: 300 };
    await expect(apply(database, folder, { judge: readsTheTable, timeouts })).rejects.toMatchObject({
      code: "interrupted",
      message: expect.stringContaining("deadline of 0.3 s"),
    });
  });

  it("keeps no run alive that was told to stop", async () => {
    const { database, folder } = await whileHeld("a");
    const log = keepLog();
    const controller = new AbortController();
    const { signal } = controller;
    const running = apply(database, folder, {
      ...{ judge: readsTheTable, timeouts: { lock: 0 }, logger: log.logger, signal },
    });
    running.catch(() => {});
    await expect.poll(() => log.events, { timeout: 60_000 }).toContain("lock-blocked");
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "interrupted" });
  });

  it("costs a run that is done its fingerprint, and no more", async () => {
    const { database, folder } = await whileHeld("a");
    const log = keepLog();
    const applied = await apply(database, folder, {
      fingerprint: async (session) => String((await session.unsafe("select count(*) from a")).length),
      timeouts: { lock: 50, retryFor: 0 },
      logger: log.logger,
    });
    expect(applied).toEqual([TWO]);
    expect(log.events).toContain("fingerprint-missing");
    expect(
      await database.admin`select outcome, fingerprint from tenantry.runs order by id desc limit 1`,
    ).toEqual([{ outcome: "applied", fingerprint: null }]);
  });
});

describe("a command that only waits to read", () => {
  it.each([["migrate"], ["status"], ["plan"], ["history"]])(
    "stops when it is told to: %s",
    async (command) => {
      const { database } = await whileHeld("drizzle.__drizzle_migrations");
      const project = await makeProject({ tenancy: { roles } });
      await project.write(
        'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);',
      );
      await project.create("init");
      const controller = new AbortController();
      const running = project.run([command], { DATABASE_URL: database.adminUrl.href }, controller.signal);
      await expect
        .poll(
          async () =>
            (
              await database.admin`select from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'`
            ).length,
          { timeout: 60_000 },
        )
        .toBe(1);
      controller.abort();
      expect(await running).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("Interrupted") });
    },
  );
});
