import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_LEDGER, readLedger } from "../../src/migrate/ledger/ledger.js";
import { createEmptyDatabase } from "../support/databases.js";
import { migrateByDrizzle } from "../support/drizzle-migrate.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

const notes = (columns: string) =>
  `export const notes = pgTable("notes", { ...tenantKey(), ${columns} }, (t) => [withTenantRls(t)]);`;

/** A colleague's branch, newer and applied already, and then our own, older one, beside it. */
async function makeMerged(ours: string) {
  const database = await createEmptyDatabase();
  const project = await makeProject({ tenancy: { roles } });
  const variables = { DATABASE_URL: database.adminUrl.href };
  const newest = async () => (await project.entries()).sort().at(-1) ?? "";
  await project.write(notes(""));
  await project.create("init");
  await project.write(notes("a: integer()"));
  await project.create("theirs");
  const theirs = "20990101000000_theirs";
  await rename(join(project.out, await newest()), join(project.out, theirs));
  expect((await project.run(["migrate"], variables)).exitCode).toBe(0);
  const aside = join(project.directory, "aside");
  await cp(join(project.out, theirs), aside, { recursive: true });
  await rm(join(project.out, theirs), { recursive: true });
  await project.write(notes(ours));
  await project.create("ours");
  const name = await newest();
  await cp(aside, join(project.out, theirs), { recursive: true });
  return { database, project, variables, ours: name, theirs };
}

describe("a branch that was merged late", () => {
  it("is told by status, applied by migrate, and then no longer anybody's business", async () => {
    const { project, variables, ours, theirs, database } = await makeMerged("b: integer()");
    const before = await project.run(["status"], variables);
    expect(before.exitCode).toBe(1);
    expect(before.stdout).toMatch(`pending: ${ours} (late: older than the newest)`);
    expect(before.stdout).toMatch(/2 heads: see "tenantry heads"/);
    await project.write(notes("a: integer(), b: integer()"));
    expect(await project.run(["migrate"], variables)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching("Applied 1 migration."),
    });
    const ledger = await readLedger(database.admin, DEFAULT_LEDGER);
    expect(ledger.map(({ name }) => name).slice(1)).toEqual([theirs, ours]);
    expect((await project.run(["status"], variables)).exitCode).toBe(0);
    await migrateByDrizzle("1.0", database.adminUrl, project.out);
    expect(await readLedger(database.admin, DEFAULT_LEDGER)).toHaveLength(3);
  });

  it("is refused where it conflicts with what was applied, by the names of both", async () => {
    const { project, variables, ours, theirs, database } = await makeMerged("a: text()");
    const { exitCode, stderr } = await project.run(["migrate"], variables);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(`${ours} and ${theirs}: column notes.a`);
    expect(await readLedger(database.admin, DEFAULT_LEDGER)).toHaveLength(2);
  });
});

describe("a project in the old layout", () => {
  it("is migrated by us, and drizzle-orm 0.45 finds nothing left to do", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject({ tenancy: { roles } });
    const variables = { DATABASE_URL: database.adminUrl.href };
    await project.write(notes(""));
    await project.create("init");
    const [name = ""] = await project.entries();
    const sql = await readFile(join(project.out, name, "migration.sql"), "utf8");
    await rm(project.out, { recursive: true });
    await mkdir(join(project.out, "meta"), { recursive: true });
    await writeFile(join(project.out, "0000_init.sql"), sql);
    await writeFile(join(project.out, "0001_orphan.sql"), "drop table notes;");
    const entries = [{ idx: 0, version: "7", when: 1_700_000_000_123, tag: "0000_init", breakpoints: true }];
    const journal = { version: "7", dialect: "postgresql", entries };
    await writeFile(join(project.out, "meta/_journal.json"), JSON.stringify(journal));
    expect((await project.run(["migrate"], variables)).exitCode).toBe(0);
    const status = await project.run(["status"], variables);
    expect(status.exitCode).toBe(0);
    expect(`${status.stdout}${status.stderr}`).toMatch(/no entry of the journal names 0001_orphan\.sql/);
    await migrateByDrizzle("0.45", database.adminUrl, project.out);
    expect(await readLedger(database.admin, DEFAULT_LEDGER)).toMatchObject([
      { name: "", createdAt: 1_700_000_000_123 },
    ]);
    const check = await project.run(["check"], variables);
    expect(check.stdout).toMatch(/warning\[migration-orphaned\] 0001_orphan\.sql/);
  });
});
