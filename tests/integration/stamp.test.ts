import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import type { Database } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const notes = (columns: string) =>
  `export const billing = pgSchema("Billing");
   export const notes = pgTable("Notes", { ...tenantKey(), ${columns} }, (t) => [withTenantRls(t)]);`;
const LINES = `export const lines = billing.table("Invoice Lines", { ...tenantKey(), amount: integer().notNull() }, (t) => [withTenantRls(t)]);`;

let project: FixtureProject;
let names: readonly string[];

/** Four migrations, of which the third changes nothing but rows. */
beforeAll(async () => {
  project = await makeProject({ tenancy: { column: "orgId", columnType: "bigint" } });
  await project.write(notes("title: text().notNull()"));
  await project.create("init");
  await project.write(notes('title: text().notNull(), body: text().notNull().default("")'));
  await project.create("add_body");
  const second = (await readFolder(project.out))[1]?.createdAt ?? 0;
  const stamp = new Date(second + 60_000).toISOString().replaceAll(/\D/g, "").slice(0, 14);
  await mkdir(join(project.out, `${stamp}_fill`));
  await writeFile(
    join(project.out, `${stamp}_fill`, "migration.sql"),
    `update "Notes" set body = 'none' where body = '';\n`,
  );
  await project.write(`${notes('title: text().notNull(), body: text().notNull().default("")')}\n${LINES}`);
  await project.create("add_lines");
  names = (await readFolder(project.out)).map(({ name }) => name);
}, 240_000);

/** A database with some of the migrations, and no ledger: as a dump is that left it out. */
async function arrived(count: number) {
  const database = await createEmptyDatabase();
  await project.migrate(database.adminUrl, { folder: (await readFolder(project.out)).slice(0, count) });
  await database.admin`drop schema drizzle cascade`;
  return { ...database, variables: { DATABASE_URL: database.adminUrl.href } };
}

async function ledgerOf(admin: Database): Promise<string[]> {
  const [there] = await admin`select from pg_tables where tablename = '__drizzle_migrations'`;
  if (there === undefined) return [];
  const rows = await admin<{ name: string }[]>`select name from drizzle.__drizzle_migrations order by id`;
  return rows.map(({ name }) => name);
}

describe("init on a database without a ledger", () => {
  it("stamps what is there, applies the rest, and has nothing to do the second time", async () => {
    const { admin, variables } = await arrived(1);
    const planned = await project.run(["init", "--dry-run"], variables);
    expect(planned.exitCode).toBe(1);
    expect(planned.stdout).toContain(`exactly what ${names[0]} makes: would be stamped`);
    expect(await ledgerOf(admin)).toEqual([]);
    const first = await project.run(["init"], variables);
    expect(first.stdout).toContain(`exactly what ${names[0]} makes: stamped`);
    expect(first.stdout).toContain("Applied 3 migrations");
    expect(first.exitCode).toBe(0);
    expect(await ledgerOf(admin)).toEqual(names);
    expect((await project.run(["init"], variables)).stdout).toContain("All is up to date");
  });

  it("recognises the last migration, with the ledger's schema still there", async () => {
    const { admin, variables } = await arrived(4);
    await admin`create schema drizzle`;
    const { exitCode, stdout } = await project.run(["init", "--json"], variables);
    expect(JSON.parse(stdout).data).toMatchObject({ stamped: names, applied: [] });
    expect(exitCode).toBe(0);
  });

  it("does not guess whether a data migration has run", async () => {
    const { admin, variables } = await arrived(2);
    const { exitCode, stdout } = await project.run(["init"], variables);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("exactly what several migrations leave");
    expect(stdout).toContain(`tenantry stamp --to ${names[1]}`);
    expect(await ledgerOf(admin)).toEqual([]);
    const decided = await project.run(["stamp", "--to", names[1] ?? ""], variables);
    expect(decided.stdout).toContain("Recorded 2 migrations as applied");
    expect((await project.run(["init"], variables)).stdout).toContain("Applied 2 migrations");
    expect(await ledgerOf(admin)).toEqual(names);
  });

  it("says what differs, in SQL that closes it, and changes nothing", async () => {
    const { admin, variables } = await arrived(4);
    await admin`alter table "Notes" drop column body, add column extra int not null default 1`;
    await admin`alter table "Billing"."Invoice Lines" no force row level security`;
    const { exitCode, stdout } = await project.run(["init", "--json"], variables);
    expect(exitCode).toBe(1);
    const { data } = JSON.parse(stdout);
    expect(data).toMatchObject({ kind: "unknown", nearest: names[3] });
    expect(data.differences.toSorted()).toEqual([
      'column "public"."Notes"."body"',
      'column "public"."Notes"."extra"',
      'row security of "Billing"."Invoice Lines"',
    ]);
    expect(await ledgerOf(admin)).toEqual([]);
    for (const statement of data.toFolder.statements) await admin.unsafe(statement);
    expect((await project.run(["init"], variables)).exitCode).toBe(0);
  });

  it("shows a person the SQL in both directions", async () => {
    const { admin, variables } = await arrived(4);
    await admin`create index stray on "Notes" (title)`;
    const { stdout } = await project.run(["init"], variables);
    expect(stdout).toContain('index "public"."stray"');
    expect(stdout).toContain('drop index "public"."stray";');
    expect(stdout).toContain('CREATE INDEX stray ON public."Notes" USING btree (title);');
    expect(stdout).toContain("Nothing was changed.");
  });

  it("does not take tables that no migration makes for its own, and leaves them", async () => {
    const { admin, adminUrl } = await createEmptyDatabase();
    await admin`create schema other`;
    await admin`create table other.things (id int)`;
    const { stdout, exitCode } = await project.run(["init"], { DATABASE_URL: adminUrl.href });
    expect(stdout).toContain("Applied 4 migrations");
    expect(exitCode).toBe(0);
  });
});

describe("stamp", () => {
  it("refuses what is not proven, and records it by force with a reason", async () => {
    const { admin, variables } = await arrived(1);
    const refused = await project.run(["stamp", "--to", names[3] ?? "", "--json"], variables);
    expect(refused.exitCode).toBe(2);
    expect(JSON.parse(refused.stdout).error.code).toBe("stamp-unproven");
    expect(await ledgerOf(admin)).toEqual([]);
    const bare = await project.run(["stamp", "--to", names[3] ?? "", "--force"], variables);
    expect(bare.stderr).toContain("--force is given without --reason");
    const forced = await project.run(
      ["stamp", "--to", names[3] ?? "", "--force", "--reason", "it's by hand"],
      variables,
    );
    expect(forced.stdout).toContain("without proof");
    expect(await ledgerOf(admin)).toEqual(names);
    const [run] =
      await admin`select command, outcome, accepted -> 0 ->> 'reason' as reason from tenantry.runs where command = 'stamp'`;
    expect(run).toEqual({ command: "stamp", outcome: "applied", reason: "it's by hand" });
  });

  it("is for production too, where it is proven", async () => {
    const { admin, variables } = await arrived(1);
    const { exitCode } = await project.run(
      ["stamp", "--to", names[0] ?? "", "--env", "production"],
      variables,
    );
    expect(exitCode).toBe(0);
    expect(await ledgerOf(admin)).toEqual(names.slice(0, 1));
    const back = await project.run(["stamp", "--to", "no_such"], variables);
    expect(back.stderr).toContain("No migration of the folder is named no_such");
  });

  it("records each migration once when two run at once, and nothing in a dry run", async () => {
    const { admin, variables } = await arrived(4);
    const command = ["stamp", "--to", names[3] ?? ""];
    const dry = await project.run([...command, "--dry-run"], variables);
    expect([dry.exitCode, await ledgerOf(admin)]).toEqual([1, []]);
    const both = await Promise.all([project.run(command, variables), project.run(command, variables)]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(await ledgerOf(admin)).toEqual(names);
  });

  it("stops when it is interrupted, and records nothing", async () => {
    const { admin, variables } = await arrived(4);
    const stopped = await project.run(["stamp", "--to", names[3] ?? ""], variables, AbortSignal.abort());
    expect(stopped.exitCode).toBe(2);
    expect(await ledgerOf(admin)).toEqual([]);
  });

  it("leaves out what the configuration says", async () => {
    const other = await makeProject({
      tenancy: { stamp: { ignore: ["Notes_extra*", "grant on * to reader of reports"] } },
    });
    await other.write(
      `export const notes = pgTable("Notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);`,
    );
    await other.create("init");
    const { admin, adminUrl } = await createEmptyDatabase();
    await other.migrate(adminUrl);
    await admin`drop schema drizzle cascade`;
    await admin`create table "Notes_extra_1" (id serial primary key)`;
    const [{ name } = { name: "" }] = await readFolder(other.out);
    const { stdout, stderr } = await other.run(["stamp", "--to", name], { DATABASE_URL: adminUrl.href });
    expect([stdout, stderr]).toEqual([expect.stringContaining("Recorded 1 migration"), expect.anything()]);
  });
});
