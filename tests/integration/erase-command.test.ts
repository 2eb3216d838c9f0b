import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/postgres/connect.js";
import type { EmptyDatabase } from "../../src/testing/index.js";
import { CIRCLE_SCHEMA, fillCircle } from "../support/circle-schema.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const ROLES = { tenant: "erase_tenant", door: "erase_door", admin: "erase_admin" };

const count = async ({ admin }: EmptyDatabase, id: string) =>
  (
    await admin<{ n: number }[]>`
    select (select count(*) from "Orgs" where id = ${id})::int + (select count(*) from "Nodes" where "orgId" = ${id})::int
         + (select count(*) from edges where "orgId" = ${id})::int as n`
  )[0]?.n;

describe("tenantry erase", () => {
  const id = "Ünïcode O'Hara \\ ; drop";
  let project: FixtureProject;
  let database: EmptyDatabase;
  const run = (args: readonly string[], variables: NodeJS.ProcessEnv = {}) =>
    project.run(["erase", ...args], { DATABASE_URL: database.adminUrl.href, ...variables });

  beforeAll(async () => {
    project = await makeProject({ tenancy: { column: "orgId", columnType: "text", roles: ROLES } });
    await project.write(CIRCLE_SCHEMA);
    database = await createEmptyDatabase();
    await project.create("init");
    await project.migrate(database.adminUrl);
    await database.admin`insert into countries values ('DE')`;
    for (const name of [id, "other"]) await fillCircle(database, name);
  });

  it("asks for --yes, and for whose database it is", async () => {
    const unsure = await run(["--creator", id]);
    expect(unsure).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unsure.stderr).toMatch(/--dry-run shows what would go/);
    const unnamed = await run(["--creator", id, "--yes"]);
    expect(unnamed).toMatchObject({ exitCode: 2 });
    expect(unnamed.stderr).toMatch(/Name it: --env production/);
    expect(await count(database, id)).toBe(3);
  });

  it("shows counts and SQL in a dry run", async () => {
    const { exitCode, stdout } = await run(["--creator", id, "--dry-run"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^-- \$1 is the creator's id\nwith part_1 as \(delete from "public"\..+\n +part_2/,
    );
    expect(stdout).toMatch(/Orgs +1/);
    expect(stdout).not.toContain("countries");
    expect(await count(database, id)).toBe(3);
  });

  it("wants a reason in production, and then erases a circle of references under odd names", async () => {
    const silent = await run(["--creator", id, "--yes", "--env", "production"]);
    expect(silent.stderr).toMatch(/Why is a creator to be erased in production\?/);
    const args = ["--creator", id, "--yes", "--env", "production", "--reason", "request 4711", "--json"];
    const { exitCode, stdout, stderr } = await run(args);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).data).toMatchObject({
      ...{ creator: id, environment: "production", reason: "request 4711", found: true, remaining: [] },
      tables: expect.arrayContaining([
        { table: "Orgs", rows: 1 },
        { table: "Nodes", rows: 1 },
        { table: "edges", rows: 1 },
      ]),
      auditLog: { table: "Log", treatment: "pseudonymise" },
    });
    expect(await count(database, id)).toBe(0);
    expect(await count(database, "other")).toBe(3);
    expect(await database.admin`select from countries`).toHaveLength(1);
    const told = await database.admin`select note from "Log" where "orgId" = ${id} and action <> 'admin'`;
    expect(new Set(told.map(({ note }) => note))).toEqual(new Set(["erased"]));
    expect(
      await database.admin`select from "Log" where to_jsonb("Log") ->> 'after' like '%GmbH%' and "orgId" = ${id}`,
    ).toEqual([]);
  });

  it("says that there is no such creator, and refuses what can be none", async () => {
    const gone = await run(["--creator", id, "--yes", "--env", "production", "--reason", "again"]);
    expect(gone).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^There is no creator /) });
    expect((await run(["--creator", "", "--yes"])).exitCode).toBe(2);
    expect((await run(["--yes"])).stderr).toMatch(/name the creator: --creator ID/);
  });

  it("refuses to begin while the Redis of REDIS_URL does not answer", async () => {
    const variables = { REDIS_URL: "redis://127.0.0.1:1", TENANTRY_ENV: "development" };
    const { exitCode, stderr } = await run(["--creator", "other", "--yes"], variables);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/Redis at 127\.0\.0\.1:1 does not answer/);
    expect(await count(database, "other")).toBe(3);
  });

  it("leaves all when it is killed with SIGKILL on the way", async () => {
    const other = await openDatabase(database.adminUrl, { max: 2, applicationName: "the test" });
    const isBusy = async (waiting: boolean) =>
      (
        await other`select from pg_stat_activity where datname = current_database() and application_name = 'tenantry' and state <> 'idle'
          and (wait_event_type = 'Lock' or not ${waiting})`
      ).length > 0;
    await other.begin(async (session) => {
      await session`select from "Orgs" where id = 'other' for update`;
      const bin = fileURLToPath(new URL("../../dist/src/cli/bin.js", import.meta.url));
      const child = spawn(
        process.execPath,
        [bin, "erase", ...project.configArguments(), "--creator", "other", "--yes", "--env", "development"],
        {
          cwd: project.directory,
          env: { ...process.env, DATABASE_URL: database.adminUrl.href, REDIS_URL: "" },
        },
      );
      const ended = new Promise((resolve) => child.once("close", (_, signal) => resolve(signal)));
      while (!(await isBusy(true)));
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
    });
    while (await isBusy(false));
    expect(await count(database, "other")).toBe(3);
    await other.end();
    expect((await run(["--creator", "other", "--yes", "--env", "development"])).exitCode).toBe(0);
    expect(await count(database, "other")).toBe(0);
  });
});

describe("tenantry erase, of numbered creators with partitioned rows", () => {
  it("deletes from every partition, and from no other creator", async () => {
    const project = await makeProject({
      tenancy: { column: "shop_no", columnType: "integer", roles: ROLES },
    });
    await project.write(`
      export const shops = pgTable("shops", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);
      export const sales = pgTable("sales", { ...tenantColumn(), day: integer("day").notNull() }, (t) => [
        withTenantRls(t), primaryKey({ name: "sales_pkey", columns: [t.shopNo, t.day] }),
        tenantForeignKey(t, { columns: [], foreignColumns: [shops.id] })]);`);
    const database = await createEmptyDatabase();
    await project.create("init");
    await project.migrate(database.adminUrl);
    await database.admin
      .unsafe(`begin;
      create table parted (like sales including defaults) partition by range (day);
      alter table parted add primary key (shop_no, day), add foreign key (shop_no) references shops (id);
      create table parted_low partition of parted for values from (0) to (10);
      create table parted_high partition of parted for values from (10) to (20) partition by list (day);
      create table parted_12 partition of parted_high for values in (12);
      create table parted_rest partition of parted_high default;
      drop table sales; alter table parted rename to sales;
      grant select, insert, update, delete on sales to erase_admin;
      insert into shops select generate_series(1, 3);
      insert into sales select shop, day from generate_series(1, 3) shop, generate_series(1, 15) day; commit`)
      .simple();
    const args = ["erase", "--creator", "2", "--yes", "--env", "development"];
    const { exitCode, stdout } = await project.run(args, { DATABASE_URL: database.adminUrl.href });
    expect(stdout).toMatch(/sales +15/);
    expect(exitCode).toBe(0);
    expect(await database.admin`select shop_no, count(*)::int as n from sales group by 1 order by 1`).toEqual(
      [
        { shop_no: 1, n: 15 },
        { shop_no: 3, n: 15 },
      ],
    );
  });
});
