import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { fingerprintCatalog } from "../../src/catalog/fingerprint.js";
import { readWholeStructure } from "../../src/catalog/read-whole-structure.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { writeEnvironmentMark } from "../../src/migrate/run/environment-mark.js";
import type { Database } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

const notes = (columns: string, name = "Notes") =>
  `export const state = pgEnum("State", ["new", "old"]);
   export const billing = pgSchema("Billing");
   export const notes = pgTable("${name}", { ...tenantKey(), ${columns} }, (t) => [withTenantRls(t)]);`;
const LINES = `export const lines = billing.table("Invoice Lines", { ...tenantKey(), number: bigserial({ mode: "number" }),
  state: state().notNull().default("new") }, (t) => [withTenantRls(t), index().on(t.orgId, t.number)]);`;

let project: FixtureProject;
let names: readonly string[];

beforeAll(async () => {
  project = await makeProject({ tenancy: { column: "orgId", columnType: "text", roles } });
  await project.write(notes('title: text().notNull(), "two words": integer("two words")'));
  await project.create("init");
  await project.write(notes('heading: text().notNull(), "two words": integer("two words")', "Memos"));
  await project.create("rename", { rename: ["Notes=Memos", "Memos.title=Memos.heading"] });
  await project.write(
    `${notes("heading: varchar({ length: 90 }).notNull(), done: boolean()", "Memos")}\n${LINES}`,
  );
  await project.create("add_lines", { create: ["Memos.done"] });
  names = (await readFolder(project.out)).map(({ name }) => name);
}, 240_000);

const down = () => join(project.out, names[2] ?? "", "down.sql");
afterEach(async () => rm(down(), { force: true }));

/** A database with some of the migrations, that development has said is its own. */
async function migrated(count: number) {
  const database = await createEmptyDatabase();
  const folder = (await readFolder(project.out)).slice(0, count);
  await project.migrate(database.adminUrl, { folder });
  return { ...database, variables: { DATABASE_URL: database.adminUrl.href, TENANTRY_ENV: "development" } };
}

async function fingerprint(admin: Database): Promise<string> {
  const ignore = ["tenantry.*", "schema tenantry"];
  return fingerprintCatalog(await readWholeStructure(admin, { schemas: ["public", "Billing", "tenantry"] }), {
    ignore,
  });
}

async function ledgerOf(admin: Database): Promise<string[]> {
  const rows = await admin<{ name: string }[]>`select name from drizzle.__drizzle_migrations order by id`;
  return rows.map(({ name }) => name);
}

describe("rollback", () => {
  it("shows what would be lost, and does nothing without --yes", async () => {
    const { admin, variables } = await migrated(3);
    await admin`insert into "Memos" ("orgId", heading, done) values ('a', 'one', true), ('a', 'two', null)`;
    await admin`insert into "Billing"."Invoice Lines" ("orgId") values ('a')`;
    const before = await fingerprint(admin);
    const { exitCode, stdout } = await project.run(["rollback"], variables);
    expect(exitCode).toBe(2);
    expect(stdout).toContain("--   table Billing.Invoice Lines: 1 row");
    expect(stdout).toContain("--   column Memos.done: 1 row");
    expect(stdout).toContain("Nothing was changed. Run it with --yes to do it.");
    const dry = await project.run(["rollback", "--dry-run", "--yes"], variables);
    expect([dry.exitCode, dry.stdout.includes('drop table "Billing"."Invoice Lines";')]).toEqual([1, true]);
    expect([await fingerprint(admin), await ledgerOf(admin)]).toEqual([before, names]);
  });

  it("leads back to exactly what there was, and forward again", async () => {
    const { admin, variables } = await migrated(3);
    const whole = await fingerprint(admin);
    const { admin: earlier } = await migrated(2);
    const done = await project.run(["rollback", "--yes"], variables);
    expect([done.exitCode, done.stderr]).toEqual([0, expect.anything()]);
    expect(await ledgerOf(admin)).toEqual(names.slice(0, 2));
    expect(await fingerprint(admin)).toBe(await fingerprint(earlier));
    const [run] = await admin`select outcome from tenantry.runs where command = 'rollback'`;
    expect(run?.outcome).toBe("applied");
    await project.migrate(new URL(variables.DATABASE_URL));
    expect([await fingerprint(admin), await ledgerOf(admin)]).toEqual([whole, names]);
  });

  it("gives back names, and keeps the rows under them", async () => {
    const { admin, variables } = await migrated(3);
    await admin`insert into "Memos" ("orgId", heading) values ('a', 'kept')`;
    const { admin: earlier } = await migrated(1);
    const done = await project.run(["rollback", "--to", names[0] ?? "", "--yes"], variables);
    expect([done.exitCode, done.stderr]).toEqual([0, expect.anything()]);
    expect(await admin`select title from "Notes"`).toEqual([{ title: "kept" }]);
    expect(await fingerprint(admin)).toBe(await fingerprint(earlier));
    expect(await ledgerOf(admin)).toEqual(names.slice(0, 1));
  });

  it("takes the way that was written by hand, if it leads back", async () => {
    const { admin, variables } = await migrated(3);
    await admin`insert into "Memos" ("orgId", heading, done) values ('a', 'one', true)`;
    await writeFile(down(), `drop table "Billing"."Invoice Lines";\n`);
    const wrong = await project.run(["rollback", "--yes"], variables);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining("does not lead back")]);
    expect(await ledgerOf(admin)).toEqual(names);
    await writeFile(
      down(),
      `create table saved as select * from "Memos";
drop table saved;
drop table "Billing"."Invoice Lines";
alter table "Memos" drop column done, add column "two words" integer, alter column heading type text;\n`,
    );
    const shown = await project.run(["rollback"], variables);
    expect([shown.stdout, shown.stderr]).toEqual([
      expect.stringContaining("create table saved as"),
      expect.anything(),
    ]);
  });

  it("is for a database that is known to be development's, and for no other", async () => {
    const { admin, adminUrl, variables } = await migrated(1);
    for (const env of ["staging", "production"]) {
      const refused = await project.run(["rollback", "--yes", "--env", env], variables);
      expect([refused.exitCode, refused.stderr]).toEqual([
        2,
        expect.stringContaining("tenantry create --revert NAME"),
      ]);
    }
    const unnamed = await project.run(["rollback", "--yes"], { DATABASE_URL: adminUrl.href });
    expect([unnamed.exitCode, unnamed.stderr]).toEqual([2, expect.stringContaining("nobody has said")]);
    await writeEnvironmentMark(admin, "staging");
    const marked = await project.run(["rollback", "--yes"], variables);
    expect([marked.exitCode, marked.stderr]).toEqual([
      2,
      expect.stringContaining("this is a staging database"),
    ]);
    expect(await ledgerOf(admin)).toEqual(names.slice(0, 1));
  });

  it("happens once when two run at once, and not at all when it is interrupted", async () => {
    const { admin, variables } = await migrated(3);
    const stopped = await project.run(["rollback", "--yes"], variables, AbortSignal.abort());
    expect([stopped.exitCode, await ledgerOf(admin)]).toEqual([2, names]);
    const both = await Promise.all([
      project.run(["rollback", "--yes"], variables),
      project.run(["rollback", "--yes"], variables),
    ]);
    expect(both.map(({ exitCode }) => exitCode).toSorted()).toEqual([0, 2]);
    expect(await ledgerOf(admin)).toEqual(names.slice(0, 2));
  });

  it("has nothing to do in a database where nothing is applied", async () => {
    const { adminUrl } = await createEmptyDatabase();
    const { exitCode, stdout } = await project.run(["rollback", "--yes", "--env", "development"], {
      DATABASE_URL: adminUrl.href,
    });
    expect([exitCode, stdout]).toEqual([0, "There is nothing to take back.\n"]);
  });
});
