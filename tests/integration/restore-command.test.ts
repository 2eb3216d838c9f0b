import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { quoteIdentifier } from "../../src/core/identifiers.js";
import { withDatabase } from "../../src/postgres/connect.js";
import type { EmptyDatabase } from "../../src/testing/index.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const ROLES = { tenant: "restored_tenant", door: "restored_door", admin: "restored_admin" };
const SCHEMA = `
export const creators = pgTable("creators", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);
export const notes = pgTable("notes", { ...tenantKey(), body: text("body") }, (t) => [withTenantRls(t)]);`;

let project: FixtureProject;
let database: EmptyDatabase;
let file: string;
const made: string[] = [];

const run = (args: readonly string[], variables: NodeJS.ProcessEnv = {}) =>
  project.run(args, { DATABASE_URL: database.adminUrl.href, TENANTRY_ENV: "development", ...variables });

const bodiesIn = (name: string) =>
  withDatabase(onDatabase(database.adminUrl, name), {}, async (session) =>
    (await session<{ body: string }[]>`select body from notes order by 1`).map(({ body }) => body),
  );

/** Those of this file: others make theirs meanwhile. */
const databases = async () =>
  (
    await database.admin<{ datname: string }[]>`
      select datname from pg_database where starts_with(datname, ${database.name.slice(0, 26)}) order by 1`
  ).map(({ datname }) => datname);

/** Restores, and gives the name of the database that the first line of the answer says. */
async function restored(args: readonly string[]): Promise<{ name: string; stdout: string }> {
  const { exitCode, stdout, stderr } = await run(["restore", ...args]);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const name = / into (\S+), as of /.exec(stdout)?.[1] ?? expect.fail(stdout);
  if (name !== database.name) made.push(name);
  return { name, stdout };
}

beforeAll(async () => {
  project = await makeProject({ tenancy: { roles: ROLES } });
  await project.write(SCHEMA);
  database = await createEmptyDatabase();
  await project.create("init");
  expect((await run(["init"])).exitCode).toBe(0);
  await database.admin.unsafe(`insert into creators select gen_random_uuid() from generate_series(1, 2);
    insert into notes (creator_id, body) select id, 'Zoë''s ' || row_number() over (order by id) from creators`);
  const { exitCode, stdout } = await run(["backup", "--json"]);
  expect(exitCode).toBe(0);
  file = JSON.parse(stdout).data.file;
});
afterAll(async () => {
  for (const name of made) await database.admin.unsafe(`drop database ${quoteIdentifier(name)} with (force)`);
});

describe("tenantry restore", () => {
  it("makes a new database of the backup, says its name, and leaves the one in use", async () => {
    await database.admin`update notes set body = 'changed since'`;
    const { name, stdout } = await restored([file]);
    expect(name).toMatch(new RegExp(`^${database.name.slice(0, 20)}.*_restored_\\d{8}t\\d{6}$`));
    expect(await bodiesIn(name)).toEqual(["Zoë's 1", "Zoë's 2"]);
    expect(await bodiesIn(database.name)).toEqual(["changed since", "changed since"]);
    expect(stdout).toContain("Counts and checksums of all tables are those of the backup.");
  });

  it("gives programs the name of the database that it has made, beside what the backup was taken of", async () => {
    const into = `${database.name}_told`;
    made.push(into);
    const { stdout } = await run(["restore", file, "--into", into, "--json"]);
    expect(JSON.parse(stdout).data).toMatchObject({
      database: into,
      replaced: false,
      source: { name: database.name, encoding: "UTF8" },
    });
  });

  it("finds a backup by its name alone", async () => {
    const { name } = await restored([basename(file), "--into", `${database.name}_named`]);
    expect(await bodiesIn(name)).toEqual(["Zoë's 1", "Zoë's 2"]);
  });

  it("replaces a database only with --yes, and keeps a backup of what was there", async () => {
    const refused = await run(["restore", file, "--into", database.name]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain("--yes");
    expect(await bodiesIn(database.name)).toEqual(["changed since", "changed since"]);
    const { stdout } = await restored([file, "--into", database.name, "--yes"]);
    const kept = /What was there is in (\S+)/.exec(stdout)?.[1] ?? expect.fail(stdout);
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
    expect(await bodiesIn(database.name)).toEqual(["Zoë's 1", "Zoë's 2"]);
    const { name } = await restored([kept, "--into", `${database.name}_before`]);
    expect(await bodiesIn(name)).toEqual(["changed since", "changed since"]);
  });

  it("says which migrations came after the backup, and how to apply them", async () => {
    await mkdir(join(project.out, "29990101000000_later"));
    await writeFile(
      join(project.out, "29990101000000_later", "migration.sql"),
      "alter table notes add column size integer;",
    );
    const { name, stdout } = await restored([file]);
    expect(stdout).toContain(
      `1 migration came after it: point DATABASE_URL at ${name} and run tenantry migrate`,
    );
    const url = onDatabase(database.adminUrl, name).href;
    expect((await run(["migrate"], { DATABASE_URL: url })).exitCode).toBe(0);
    expect(await bodiesIn(name)).toEqual(["Zoë's 1", "Zoë's 2"]);
  });

  it("shows with --dry-run what it would do, and does nothing", async () => {
    const before = await databases();
    const { exitCode, stdout } = await run([
      "restore",
      file,
      "--into",
      `${database.name}_never`,
      "--dry-run",
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("copy 2 rows into public.notes");
    expect(await databases()).toEqual(before);
  });

  it("refuses a cut or foreign file, one that is not there, and none, and touches nothing", async () => {
    const before = await databases();
    const cut = join(project.directory, "cut.tenantry");
    await writeFile(cut, (await readFile(file)).subarray(0, -9));
    const foreign = join(project.directory, "foreign.tenantry");
    await copyFile(join(project.out, "29990101000000_later", "migration.sql"), foreign);
    for (const args of [[cut], [foreign], [join(project.directory, "absent")], []]) {
      const { exitCode, stdout, stderr } = await run(["restore", ...args]);
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: "" });
      expect(stderr).toMatch(/^error: .+\n(?:.*\n)*hint: /);
      expect(stderr).not.toContain("    at ");
    }
    expect(await databases()).toEqual(before);
  });

  it.each(["production", "staging"])("is refused in %s, with what to do instead", async (environment) => {
    const files = await readdir(join(project.directory, ".tenantry/backups"));
    for (const args of [["restore", file], ["backup"], ["restore", file, "--into", database.name, "--yes"]]) {
      const { exitCode, stderr } = await run(args, { TENANTRY_ENV: environment });
      expect(exitCode).toBe(2);
      expect(stderr).toContain("point-in-time recovery");
    }
    expect(await readdir(join(project.directory, ".tenantry/backups"))).toEqual(files);
  });
});
