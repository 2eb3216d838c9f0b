import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { apply as applyTyped } from "../../src/migrate/run/apply-migrations.js";
import { writeEnvironmentMark } from "../../src/migrate/run/environment-mark.js";
import { warnAbout } from "../../src/migrate/run/preflight/inspect-target.js";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";
import { apply, keepLog, ledgerNames, makeFolder, ONE, putMigration, TWO } from "./migration-folder.js";
import type { PoolMode } from "./start-pgbouncer.js";
import { startPgbouncer } from "./start-pgbouncer.js";

describe("before a run", () => {
  it("refuses a database that is read-only", async () => {
    const database = await createEmptyDatabase();
    await database.admin.unsafe(`alter database "${database.name}" set default_transaction_read_only = on`);
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    await expect(apply(database, folder)).rejects.toMatchObject({
      code: "argument-invalid",
      message: expect.stringContaining("read-only"),
      hint: expect.stringContaining("primary"),
    });
  });

  it("refuses a role that may not make what a run needs, and lets it see that nothing is pending", async () => {
    const database = await createEmptyDatabase();
    const role = `m2_${database.name}`;
    await database.admin.unsafe(`create role "${role}" login password 'x'`);
    const url = new URL(database.adminUrl);
    url.username = role;
    url.password = "x";
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    try {
      await expect(apply({ adminUrl: url }, folder)).rejects.toMatchObject({
        code: "role-insufficient",
        message: expect.stringContaining("CREATE on the database"),
      });
      await apply(database, folder);
      await database.admin.unsafe(
        `grant usage on schema drizzle to "${role}"; grant select on drizzle.__drizzle_migrations to "${role}"`,
      );
      await putMigration(folder, TWO, "create table b (x int)");
      await expect(apply({ adminUrl: url }, folder)).rejects.toMatchObject({
        code: "role-insufficient",
        message: expect.stringContaining("SELECT and INSERT on drizzle.__drizzle_migrations"),
      });
    } finally {
      await database.admin.unsafe(`drop owned by "${role}"; drop role "${role}"`);
    }
  });

  it("waits for a server that does not answer yet, and not for ever", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    const silent = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const url = new URL(database.adminUrl);
    url.hostname = "127.0.0.1";
    url.port = String(port);
    const log = keepLog();
    const options = { logger: log.logger, connect: { timeoutSeconds: 1 } };
    await expect(
      apply({ adminUrl: url }, folder, { ...options, connectWaitSeconds: 1 }),
    ).rejects.toMatchObject({ code: "connection-failed" });
    expect(log.events).toEqual(["server-waited-for"]);
    const controller = new AbortController();
    const logger = { info: () => controller.abort(), warn: () => {} };
    await expect(
      apply({ adminUrl: url }, folder, {
        ...options,
        logger,
        connectWaitSeconds: 600,
        signal: controller.signal,
      }),
    ).rejects.toMatchObject({ code: "interrupted" });
    await new Promise((resolve) => silent.close(resolve));
  });

  it("warns of a transaction that has been open for long", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    expect(
      await warnAbout({
        versionNumber: 18_0007,
        role: "me",
        inRecovery: false,
        readOnly: false,
        createsInDatabase: true,
        hasSchemas: true,
        closed: [],
        createsInPublic: true,
        old: ["process 7 of me, idle in transaction, for 12 min"],
        dataDirectory: null,
      }),
    ).toEqual([
      "a transaction is open for long, and may block the migration: process 7 of me, idle in transaction, for 12 min",
    ]);
    expect(await apply(database, folder)).toEqual([ONE]);
  });
});

describe("the environment that a database is marked with", () => {
  it.each([
    ["production", "staging"],
    ["staging", "production"],
    ["production", "development"],
  ] as const)("%s is no place for a command that is for %s", async (mark, environment) => {
    const database = await createEmptyDatabase();
    await writeEnvironmentMark(database.admin, mark);
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    await expect(apply(database, folder, { environment })).rejects.toMatchObject({
      code: "production-refused",
      message: `This is a ${mark} database, and the command is for ${environment}.`,
    });
    expect(await ledgerNames(database.admin)).toEqual([]);
    expect(await apply(database, folder, { environment: mark })).toEqual([ONE]);
  });

  it("is missed with a warning", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    const log = keepLog();
    await apply(database, folder, { environment: "production", logger: log.logger });
    expect(log.told.join("\n")).toContain("not marked with its environment");
  });
});

describe("a pooler", () => {
  const withPooler = async (mode: PoolMode) => {
    const pooler = await startPgbouncer(new URL(serverUrl), mode);
    onTestFinished(() => pooler.stop());
    const database = await createEmptyDatabase();
    return { database, adminUrl: pooler.urlOf(database.name) };
  };

  it.each(["transaction", "transaction-round-robin", "statement"] as const)(
    "in %s mode is refused, with the way out",
    async (mode) => {
      const { database, adminUrl } = await withPooler(mode);
      const folder = await makeFolder({ [ONE]: "create table a (x int)" });
      await expect(apply({ adminUrl }, folder)).rejects.toMatchObject({
        code: "argument-invalid",
        message: expect.stringContaining("a pooler in transaction mode"),
        hint: expect.stringContaining("direct URL"),
      });
      expect(await database.admin`select to_regclass('a') as a`).toEqual([{ a: null }]);
      // A lock on a connection of the pooler's would stay there.
      expect(
        await database.admin`
          select count(*)::int as n from pg_locks
          where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
      ).toEqual([{ n: 0 }]);
    },
  );

  it("in session mode is used", async () => {
    const { adminUrl } = await withPooler("session");
    const folder = await makeFolder({ [ONE]: "create table a (x int)" });
    expect(await apply({ adminUrl }, folder)).toEqual([ONE]);
  });
});

describe("the typed result", () => {
  it("tells a refusal from a failure, and what was applied before it", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: "create table a (x int)", [TWO]: "select 1/0" });
    const options = async () => ({
      url: database.adminUrl,
      folder: await readFolder(folder),
      ledger: DEFAULT_LEDGER,
      adminRole: "app_admin",
    });
    const failed = await applyTyped(await options());
    expect(failed).toMatchObject({
      outcome: "failed",
      applied: [{ name: ONE }],
      error: { code: "migration-failed" },
    });
    await putMigration(folder, ONE, "create table a (x bigint)");
    expect(await applyTyped(await options())).toMatchObject({
      outcome: "refused",
      applied: [],
      error: { code: "migrations-folder" },
    });
    await putMigration(folder, TWO, "select 1");
    const accepted = { ...(await options()), acceptEdited: { names: [ONE], reason: "only a comment" } };
    expect(await applyTyped(accepted)).toMatchObject({ outcome: "applied", applied: [{ name: TWO }] });
    expect(await applyTyped(await options())).toMatchObject({ outcome: "nothing", applied: [] });
    expect(
      await database.admin`select outcome, accepted->0->>'reason' as reason from tenantry.runs order by id`,
    ).toEqual([
      { outcome: "failed", reason: null },
      { outcome: "applied", reason: "only a comment" },
      { outcome: "nothing", reason: null },
    ]);
    const stopped = await applyTyped({ ...(await options()), signal: AbortSignal.abort() });
    expect(stopped).toMatchObject({ outcome: "interrupted" });
  });
});
