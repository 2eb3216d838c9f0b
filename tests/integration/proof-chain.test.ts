import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

const NOTES =
  'export const notes = pgTable("notes", { ...tenantKey(), title: text() }, (t) => [withTenantRls(t)]);';

async function migrated() {
  const database = await createEmptyDatabase();
  const project = await makeProject({ tenancy: { roles } });
  await project.write(NOTES);
  await project.create("init");
  const variables = { DATABASE_URL: database.adminUrl.href };
  expect(await project.run(["migrate"], variables)).toMatchObject({ exitCode: 0 });
  const ledger = async () =>
    (await database.admin`select name from drizzle.__drizzle_migrations order by id`).map(({ name }) => name);
  return { database, project, variables, ledger };
}

async function add(project: FixtureProject, name: string, sql: string): Promise<void> {
  await mkdir(join(project.out, name), { recursive: true });
  await writeFile(join(project.out, name, "migration.sql"), sql);
}

/** What no reading of SQL sees: the statement is put together when it runs. */
const hidden = (statement: string) => `do $x$ begin execute replace('${statement}', '~', ''); end $x$;`;

describe("tenantry migrate", () => {
  it("refuses to start on what reading the SQL finds, with file and line", async () => {
    const { project, variables, ledger } = await migrated();
    await add(project, "20990101000000_open", "select 1;\nalter table notes disable row level security;");
    const { exitCode, stderr } = await project.run(["migrate"], variables);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /error\[rls-not-enabled\] notes \(drizzle\/20990101000000_open\/migration\.sql:2:1\)/,
    );
    expect(await ledger()).toHaveLength(1);
  });

  it("rolls back what gets past that, and says which statement did it", async () => {
    const { database, project, variables, ledger } = await migrated();
    await add(
      project,
      "20990101000000_open",
      `create table tenantry.scratch (n int);\n${hidden("alter table notes disable row level secu~rity")}\n--> statement-breakpoint\nupdate notes set title = 'x';`,
    );
    const { exitCode, stderr } = await project.run(["migrate"], variables);
    expect(stderr).toMatch(/would leave notes unprotected; it was rolled back/);
    expect(stderr).toMatch(/by .*migration\.sql:2: do \$x\$/);
    expect(exitCode).toBe(2);
    expect(await ledger()).toHaveLength(1);
    expect(await database.admin`select to_regclass('tenantry.scratch') as none`).toEqual([{ none: null }]);
  });

  it("does not blame a migration for what was there before it", async () => {
    const { database, project, variables, ledger } = await migrated();
    await database.admin`alter table notes no force row level security`;
    await add(project, "20990101000000_more", "alter table notes add column more int;");
    const { exitCode, stdout } = await project.run(["migrate"], variables);
    expect(stdout).toMatch(/rls-not-forced/);
    expect(exitCode).toBe(1);
    expect(await ledger()).toHaveLength(2);
  });

  it("lets an old folder protect its tables later, and not never", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject({ tenancy: { roles } });
    await project.write(NOTES);
    await add(project, "20200101000000_old", "create table notes (title text);");
    await add(
      project,
      "20200102000000_other",
      "create table if not exists unrelated (n int); drop table unrelated;",
    );
    await add(project, "20200103000000_tenant", "drop table notes;");
    await project.create("init");
    expect((await project.entries()).length).toBe(4);
    const { exitCode, stderr } = await project.run(["migrate"], { DATABASE_URL: database.adminUrl.href });
    expect(stderr).not.toMatch(/error/);
    expect(exitCode).toBe(0);
  });
});

describe("tenantry verify", () => {
  it("finds drift, prints what restores it, applies it, and has nothing left to do", async () => {
    const { database, project, variables } = await migrated();
    const alone = { ...variables, SHADOW_DATABASE_URL: "" };
    expect(await project.run(["verify"], alone)).toMatchObject({ exitCode: 0 });
    await database.admin.unsafe(
      "alter table notes disable row level security; drop policy notes_floor on notes; grant select on notes to public",
    );
    const found = await project.run(["verify", "--json"], alone);
    expect(found.exitCode).toBe(1);
    const rules = JSON.parse(found.stdout).findings.map(({ rule }: { rule: string }) => rule);
    expect(new Set(rules)).toEqual(
      new Set(["rls-not-enabled", "policy-not-tenant-bound", "grant-too-wide", "drift"]),
    );
    const printed = await project.run(["verify", "--repair"], alone);
    expect(printed.exitCode).toBe(1);
    expect(printed.stdout).toMatch(/^begin;\nset local lock_timeout/);
    expect((await project.run(["verify"], alone)).exitCode).toBe(1);
    expect(
      await project.run(["verify", "--repair", "--yes"], { ...alone, TENANTRY_ENV: "production" }),
    ).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/Repaired 3 things; now no findings/),
    });
    expect((await project.run(["verify", "--repair"], alone)).stdout).toBe("-- nothing to repair\n");
  });

  it("finds drift of the structure where it has a shadow", async () => {
    const { database, project, variables } = await migrated();
    await database.admin`alter table notes drop column title`;
    const { stdout, exitCode } = await project.run(["verify"], variables);
    expect(stdout).toMatch(/error\[drift\] notes: column "public"."notes"."title": missing/);
    expect(exitCode).toBe(1);
  });

  it("attacks a live table and leaves nothing behind", async () => {
    const { database, project, variables } = await migrated();
    expect(await project.run(["verify", "--probe"], variables)).toMatchObject({ exitCode: 0 });
    expect(await database.admin`select count(*)::int as n from notes`).toEqual([{ n: 0 }]);
  });
});

describe("tenantry validate", () => {
  it("proves a sound folder, finds drift from the code, and leaves one template of each kind", async () => {
    const { project } = await migrated();
    const sound = await project.run(["validate"]);
    expect(sound).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/no findings/) });
    for (const line of sound.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    await project.write(NOTES.replace("title: text()", "title: text(), body: text()"));
    const drifted = await project.run(["validate"]);
    expect(drifted.stdout).toMatch(/error\[drift\] notes: column "public"."notes"."body": missing/);
    expect(drifted.stdout).toMatch(/tenantry create NAME/);
    expect(drifted.exitCode).toBe(1);
    const [one, two] = await Promise.all([project.run(["validate"]), project.run(["validate"])]);
    expect([one.exitCode, two.exitCode]).toEqual([1, 1]);
  });

  it("finds a migration that opens a table, without a database of anybody's", async () => {
    const { project } = await migrated();
    await add(project, "20990101000000_open", hidden("alter table notes disable row level secu~rity"));
    const { stdout, exitCode } = await project.run(["validate", "--no-probe"]);
    expect(stdout).toMatch(/error\[rls-not-enabled\] notes/);
    expect(exitCode).toBe(1);
    await withDatabase(new URL(serverUrl), {}, async (server) => {
      const left =
        await server`select datname from pg_database where datname like ${`tenantry\\_shadow\\_${process.pid}\\_%`}`;
      expect(left).toEqual([]);
    });
  });

  it("needs a shadow that it is told of outside development", async () => {
    const { project } = await migrated();
    const refused = await project.run(["validate"], {
      SHADOW_DATABASE_URL: "",
      TENANTRY_ENV: "production",
      CI: "",
    });
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/SHADOW_DATABASE_URL is not set/),
    });
  });
});
