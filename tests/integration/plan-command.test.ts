import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import stringWidth from "fast-string-width";
import { describe, expect, it } from "vitest";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const NOTES = 'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);';

const BASE = `create table notes (id int primary key, title text);
--> statement-breakpoint
create table links (id int primary key, note_id int);`;

const CHANGE = `alter table notes alter column id type bigint;
--> statement-breakpoint
alter table links add constraint links_note foreign key (note_id) references notes (id) not valid`;

async function put(project: FixtureProject, name: string, sql: string): Promise<void> {
  await mkdir(join(project.out, name), { recursive: true });
  await writeFile(join(project.out, name, "migration.sql"), sql);
}

/** A database at BASE with rows in it, and a project with more. */
async function prepare(pending: Readonly<Record<string, string>>) {
  const database = await createEmptyDatabase();
  const project = await makeProject();
  await project.write(NOTES);
  await put(project, "20260101000000_base", BASE);
  await project.migrate(database.adminUrl);
  await database.admin
    .unsafe("insert into notes select i, 'x' from generate_series(1, 5000) i; analyze notes")
    .simple();
  for (const [name, sql] of Object.entries(pending)) await put(project, name, sql);
  const variables = { DATABASE_URL: database.adminUrl.href };
  return { database, project, variables };
}

describe("tenantry plan", () => {
  it("says of each pending statement what it locks, and what that means for the target", async () => {
    const { database, project, variables } = await prepare({ "20260102000000_change": CHANGE });
    const scope = { schemas: ["public", "drizzle", "tenantry"], roles: [] };
    // Without what is the whole server's: other files make roles meanwhile.
    const look = async () => ({ ...(await readCatalog(database.admin, scope)), around: undefined });
    const before = await look();
    const { exitCode, stdout } = await project.run(["plan"], variables);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      "drizzle/20260102000000_change/migration.sql\npending, 2 statements, in one transaction\n",
    );
    expect(stdout).toContain("   1  ALTER TABLE notes ALTER COLUMN id TYPE bigint\n");
    expect(stdout).toMatch(/locks {4}ACCESS EXCLUSIVE on notes \(about 5,000 rows, \d+ kB\)\n/);
    expect(stdout.replaceAll(/\s+/g, " ")).toMatch(
      /verdict rewrites notes \(about 5,000 rows, \d+ kB\); blocks reads and writes of notes until COMMIT/,
    );
    expect(stdout.split("\n").filter((line) => stringWidth(line) > 80)).toEqual([]);
    expect(stdout).not.toContain("\u001b");
    expect(await look()).toEqual(before);
  });

  it("prints one object with --json", async () => {
    const { project, variables } = await prepare({ "20260102000000_change": CHANGE });
    const { exitCode, stdout } = await project.run(["plan", "--json"], variables);
    expect(exitCode).toBe(1);
    const { ok, data } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(data).toMatchObject({ observedOn: expect.stringMatching(/^\d+\./), target: { exists: true } });
    expect(data.migrations).toHaveLength(1);
    expect(data.migrations[0].statements).toMatchObject([
      {
        number: 1,
        known: "observed",
        inTransaction: true,
        effects: { locks: [{ table: "notes", mode: "ACCESS EXCLUSIVE" }], rewrites: ["notes"] },
        tables: [{ table: "notes", rows: 5000 }],
        verdict: { class: "rewrites", blocks: "reads and writes", weight: "small" },
      },
      {
        number: 2,
        effects: {
          locks: [
            { table: "links", mode: "SHARE ROW EXCLUSIVE" },
            { table: "notes", mode: "SHARE ROW EXCLUSIVE" },
          ],
          rewrites: [],
          scans: [],
        },
        verdict: { class: "instant", blocks: "writes" },
      },
    ]);
  });

  it("prints with --sql what would run, and that leaves the target as migrate would", async () => {
    const { database, project, variables } = await prepare({
      "20260102000000_change": CHANGE,
      "20260103000000_more":
        "alter table notes add column more int -- the last word\n;\ninsert into links values (1, null)",
    });
    const { exitCode, stdout } = await project.run(["plan", "--sql"], variables);
    expect(exitCode).toBe(1);
    const [comment, setting, ...lines] = stdout.split("\n");
    expect(comment).toMatch(/^-- Written by tenantry plan\./);
    expect(setting).toBe("\\set ON_ERROR_STOP on");
    expect(lines).toContain(
      "-- 2: ALTER TABLE links ADD CONSTRAINT links_note FOREIGN KEY REFERENCES notes NOT VALID: instant; blocks writes to links, notes until COMMIT",
    );
    await database.admin.unsafe(lines.join("\n")).simple();
    expect(
      await database.admin`select data_type from information_schema.columns
      where table_name = 'notes' and column_name in ('id', 'more') order by column_name`,
    ).toEqual([{ data_type: "bigint" }, { data_type: "integer" }]);
    expect(await project.run(["plan"], variables)).toMatchObject({
      exitCode: 0,
      stdout: "Nothing is pending.\n",
    });
    expect((await project.migrate(database.adminUrl)).applied).toEqual([]);
  });

  it("prints SQL that makes the ledger where there is none, and runs what cannot be in a transaction outside of one", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject();
    await project.write(NOTES);
    await put(project, "20260101000000_base", BASE);
    await put(
      project,
      "20260102000000_index",
      "create index concurrently links_i on links (note_id);\nselect 1;",
    );
    const { stdout } = await project.run(["plan", "--sql"], { DATABASE_URL: database.adminUrl.href });
    expect(stdout).toMatch(/create table if not exists "drizzle"\."__drizzle_migrations"/);
    const alone = stdout.indexOf("create index concurrently");
    expect(stdout.lastIndexOf("begin;", alone)).toBeLessThan(stdout.lastIndexOf("commit;", alone));
    expect(stdout.slice(alone)).toMatch(/begin;.*select 1;.*commit;.*insert into "drizzle"/s);
  });

  it("tells of a migration that is applied in part what is left, and prints no more than that", async () => {
    const name = "20260102000000_part";
    const text = (last: string) =>
      `alter table notes add n int;\nset search_path = public;\nvacuum notes;\nupdate notes set n = ${last};\nvacuum links;`;
    const { database, project, variables } = await prepare({ [name]: text("1/0") });
    await expect(project.migrate(database.adminUrl)).rejects.toMatchObject({ code: "migration-failed" });
    expect((await project.run(["status"], variables)).stdout).toContain(
      `pending: ${name} (applied in part)\n`,
    );
    await put(project, name, text("1"));
    const plan = await project.run(["plan"], variables);
    expect(plan.stdout).toContain("step by step\nan earlier run has applied the first 3 statements\n");
    expect(plan.stdout).not.toContain("ADD COLUMN");
    expect(plan.stdout).toContain("1 migration, 2 statements: ");
    const { data } = JSON.parse((await project.run(["plan", "--json"], variables)).stdout) as {
      data: { migrations: { done: number }[] };
    };
    expect(data.migrations).toMatchObject([{ done: 3 }]);
    const [, , ...lines] = (await project.run(["plan", "--sql"], variables)).stdout.split("\n");
    expect(lines).toContain("-- An earlier run has applied its first 3 statements.");
    expect(lines).not.toContain("alter table notes add n int;");
    for (const sql of lines.join("\n").split(/;$/m)) await database.admin.unsafe(sql);
    expect(await database.admin`select from tenantry.checkpoints`).toHaveLength(0);
    expect(await project.run(["plan"], variables)).toMatchObject({ stdout: "Nothing is pending.\n" });
    expect(await database.admin`select distinct n from notes`).toEqual([{ n: 1 }]);
  });

  it("refuses, as migrate does, to plan what is edited and applied in part", async () => {
    const name = "20260102000000_part";
    const { database, project, variables } = await prepare({ [name]: "vacuum notes;\nselect 1/0;" });
    await expect(project.migrate(database.adminUrl)).rejects.toMatchObject({ code: "migration-failed" });
    await put(project, name, "vacuum links;\nselect 1;");
    expect(await project.run(["plan"], variables)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        "its statement 1, which has been applied, is no longer what the file says",
      ),
    });
  });

  it("says so where there is no shadow, and tells what the kinds of the statements tell", async () => {
    const { project, variables } = await prepare({ "20260102000000_change": CHANGE });
    const { exitCode, stdout, stderr } = await project.run(["plan", "--env", "production"], {
      ...variables,
      SHADOW_DATABASE_URL: "",
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("SHADOW_DATABASE_URL is not set, and the environment is production.");
    expect(stdout).toContain("Nothing was observed");
    expect(stdout).toContain("(not observed)");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "not observed: a change of type writes the table anew, unless",
    );
  });

  it("ends the observation at a statement that fails on the shadow, and says so", async () => {
    const { project, variables } = await prepare({
      "20260102000000_change": "alter table nothing add x int;\nalter table notes add y int;",
      "20260103000000_more": "drop table links",
    });
    const { exitCode, stdout } = await project.run(["plan"], variables);
    expect(exitCode).toBe(1);
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain('note fails on the shadow: relation "nothing" does not exist (42P01)');
    expect(text.match(/not observed, since a statement before it fails on the shadow/g)).toHaveLength(2);
    expect(text).toContain("ACCESS EXCLUSIVE on notes");
  });

  it("reads the old layout, and calls a merged migration late", async () => {
    const { database, project, variables } = await prepare({});
    await put(project, "20251231000000_merged", "alter table notes add column merged int");
    const late = await project.run(["plan"], variables);
    expect(late.stdout).toContain(
      "drizzle/20251231000000_merged/migration.sql\nlate, 1 statement, in one transaction",
    );
    const old = await makeProject();
    await old.write(NOTES);
    await mkdir(join(old.out, "meta"), { recursive: true });
    await writeFile(join(old.out, "0000_first.sql"), "create table first (id int)");
    const entries = [{ idx: 0, version: "7", when: 1_700_000_000_000, tag: "0000_first", breakpoints: true }];
    await writeFile(
      join(old.out, "meta/_journal.json"),
      JSON.stringify({ version: "7", dialect: "postgresql", entries }),
    );
    await database.admin.unsafe("drop schema drizzle cascade");
    expect((await old.run(["plan"], variables)).stdout).toContain(
      "drizzle/0000_first.sql\npending, 1 statement",
    );
  });

  it("refuses a past that is not the folder's, as migrate does", async () => {
    const { project, variables } = await prepare({});
    await put(project, "20260101000000_base", `${BASE}\n-- edited`);
    expect(await project.run(["plan"], variables)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("was edited after being applied"),
    });
  });

  it("plans for a database that is still to be made, in development", async () => {
    const { database, project } = await prepare({});
    const missing = new URL(database.adminUrl);
    missing.pathname = `/${database.name}_missing`;
    const { exitCode, stdout } = await project.run(["plan"], { DATABASE_URL: missing.href });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("no existing table");
    expect((await project.run(["plan", "--env", "staging"], { DATABASE_URL: missing.href })).exitCode).toBe(
      2,
    );
  });
});
