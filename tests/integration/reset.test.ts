import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { EmptyDatabase } from "../../src/testing/index.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const ROLES = { tenant: "reset_tenant", door: "reset_door", admin: "reset_admin" };
const SCHEMA = `
export const mood = pgEnum("Mood", ["good", "bad"]);
export const creators = pgTable("creators", { ...tenantRootKey(), first: uuid("first") }, (t) => [
  tenantRoot(t), foreignKey({ name: "first_note", columns: [t.id, t.first], foreignColumns: [notes.creatorId, notes.id] })]);
export const notes = pgTable("My Notes", { ...tenantKey(), mood: mood("mood") }, (t) => [
  withTenantRls(t, { audit: true }), tenantForeignKey(t, { columns: [], foreignColumns: [creators.id] })]);
export const inner = pgSchema("inner").table("things", { ...tenantKey(), number: serial("number") }, (t) => [withTenantRls(t)]);
export const log = pgTable("log", { ...tenantKey(), actor: text("actor"), action: text("action").notNull(),
  tableName: text("table_name").notNull(), rowId: text("row_id"), before: jsonb("before"), after: jsonb("after"),
  requestId: text("request_id") }, (t) => [tenantAuditLog(t)]);`;

describe("tenantry reset", () => {
  let project: FixtureProject;
  let database: EmptyDatabase;
  const run = (args: readonly string[]) => project.run(args, { DATABASE_URL: database.adminUrl.href });
  const count = async () =>
    (await database.admin<{ n: number }[]>`select count(*)::int as n from creators`)[0]?.n;
  const mark = (environment: string) =>
    database.admin`update tenantry.meta set value = ${environment} where key = 'environment'`;

  beforeAll(async () => {
    project = await makeProject({ tenancy: { roles: ROLES } });
    await project.write(`export const innerSchema = pgSchema("inner");${SCHEMA}`);
    database = await createEmptyDatabase();
    await project.create("init");
    await project.migrate(database.adminUrl);
  });

  it("is refused, even with --yes, for a database of which nothing says that it is development's", async () => {
    const unmarked = await run(["reset", "--yes", "--env", "development"]);
    expect(unmarked).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unmarked.stderr).toMatch(/nothing in the database .+ says that it is development's/);
    expect((await run(["init", "--env", "development"])).exitCode).toBe(0);
    for (const environment of ["production", "staging"]) {
      await mark(environment);
      expect((await run(["reset", "--yes", "--env", "development"])).stderr).toContain(
        `this is a ${environment} database`,
      );
      expect((await run(["reset", "--yes", "--env", environment])).stderr).toContain(
        `the environment is ${environment}`,
      );
    }
    await mark("development");
    expect(await count()).toBe(0);
  });

  it("asks for --yes, and lists in a dry run what would go and what would stay", async () => {
    await database.admin
      .unsafe(`insert into creators values (gen_random_uuid()); create table by_hand (a int);
      create schema other_tool; create table other_tool.jobs (a int)`)
      .simple();
    expect((await run(["reset"])).stderr).toMatch(/--yes does it, after a backup/);
    const { exitCode, stdout } = await run(["reset", "--dry-run"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/table "public"\."My Notes"[\s\S]+stay:\n {2}table "public"\."by_hand"$/m);
    expect(stdout).not.toMatch(/other_tool|__drizzle_migrations|tenantry"\."(runs|meta)/);
    expect(await count()).toBe(1);
  });

  it("is refused where something else hangs on what would go", async () => {
    await database.admin`create view other_tool.spy as select * from creators`;
    const { exitCode, stderr } = await run(["reset", "--yes", "--no-backup"]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/view other_tool\.spy depends on table creators/);
    expect(await count()).toBe(1);
    await database.admin`drop view other_tool.spy`;
  });

  it("takes a backup, drops what the migrations made and nothing else, and makes it anew", async () => {
    const { exitCode, stdout, stderr } = await run(["reset", "--yes"]);
    expect(stderr).toMatch(/backed up into/);
    expect(stdout).toMatch(/^Dropped \d+ of the migrations' making:/);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("by_hand");
    expect(await count()).toBe(0);
    expect(await readdir(join(project.directory, ".tenantry", "backups"))).toHaveLength(1);
    expect(await database.admin`select from by_hand`).toHaveLength(0);
    expect(await database.admin`select from other_tool.jobs`).toHaveLength(0);
    const runs = await database.admin`select command, outcome from tenantry.runs order by id desc limit 2`;
    expect([...runs]).toEqual([
      { command: "init", outcome: "applied" },
      { command: "reset", outcome: "applied" },
    ]);
    await database.admin`drop table by_hand`;
  });

  it("runs a second time, and two at once", async () => {
    expect((await run(["reset", "--yes", "--no-backup"])).exitCode).toBe(0);
    const ended = await Promise.all([1, 2].map(() => run(["reset", "--yes", "--no-backup"])));
    expect(ended.map(({ stderr }) => stderr).join()).not.toMatch(/error:/);
    expect((await run(["status"])).exitCode).toBe(0);
    expect(await count()).toBe(0);
  });
});
