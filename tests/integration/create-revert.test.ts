import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

const table = (columns: string) =>
  `export const notes = pgTable("notes", { ...tenantKey(), ${columns} }, (t) => [withTenantRls(t)]);`;
const tags = (columns = "") =>
  `export const tags = pgTable("tags", { ...tenantKey(), ${columns} }, (t) => [withTenantRls(t)]);`;

let project: FixtureProject;
let names: readonly string[];

beforeAll(async () => {
  project = await makeProject({ tenancy: { roles } });
  await project.write(table("title: text().notNull()"));
  await project.create("init");
  await project.write(table("heading: text().notNull()"));
  await project.create("rename_title", { rename: ["notes.title=notes.heading"] });
  await project.write(`${table("heading: text().notNull()")}\n${tags()}`);
  await project.create("add_tags");
  await project.write(`${table("heading: text().notNull(), pinned: boolean()")}\n${tags("color: text()")}`);
  await project.create("add_pinned_and_color");
  names = (await readFolder(project.out)).map(({ name }) => name);
}, 240_000);

describe("create --revert", () => {
  it("names the later migrations that build on what it would take away", async () => {
    const { exitCode, stderr } = await project.run(["create", "--revert", names[2] ?? "", "--dry-run"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("later migrations build on it");
    expect(stderr).toContain(`${names[3]}: column "public"."tags"."color"`);
    expect((await readFolder(project.out)).length).toBe(4);
  });

  it("takes a name or a migration, and not both or neither", async () => {
    const both = await project.run(["create", "again", "--revert", names[2] ?? ""]);
    expect([both.exitCode, both.stderr]).toEqual([
      2,
      expect.stringContaining("--revert: the name is made of it"),
    ]);
    const unknown = await project.run(["create", "--revert", "no_such"]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      2,
      expect.stringContaining("No migration of the folder"),
    ]);
  });

  it("undoes one in the middle, keeps the rows, and leaves a snapshot that drizzle-kit agrees with", async () => {
    const { admin, adminUrl } = await createEmptyDatabase();
    await project.migrate(adminUrl);
    await admin`insert into notes (creator_id, heading, pinned) values ('00000000-0000-7000-8000-000000000001', 'kept', true)`;
    const { stdout, stderr } = await project.run(["create", "--revert", names[1] ?? "", "--json"]);
    const { data } = JSON.parse(stdout);
    expect(data, stderr).toMatchObject({ status: "written", losses: [], hasSnapshot: true });
    expect(data.name).toMatch(/^\d{14}_revert_rename_title$/);
    expect(data.sql).toBe('alter table "notes" rename column "heading" to "title";\n');
    await project.write(`${table("title: text().notNull(), pinned: boolean()")}\n${tags("color: text()")}`);
    await project.migrate(adminUrl);
    expect(await admin`select title, pinned from notes`).toEqual([{ title: "kept", pinned: true }]);
    const snapshot = JSON.parse(await readFile(join(project.out, data.name, "snapshot.json"), "utf8"));
    expect(snapshot.prevIds).toHaveLength(1);
    expect((await project.create("nothing")).status).toBe("unchanged");
  });

  it("brings back what a migration took, with all that protects it", async () => {
    await project.write(table("title: text().notNull(), pinned: boolean()"));
    const { name } = (await project.create("drop_tags")) as { name: string };
    const { exitCode, stdout, stderr } = await project.run(["create", "--revert", name, "--json"]);
    expect(stderr).toContain("replaying");
    const { data, warnings } = JSON.parse(stdout);
    expect(data.sql).toContain("force row level security");
    expect(data.sql).toContain("grant");
    expect(data.losses).toEqual([]);
    expect(warnings.join()).toContain("schema's code");
    // The schema does not know the table yet: that is told.
    expect(exitCode).toBe(1);
    await project.write(`${table("title: text().notNull(), pinned: boolean()")}\n${tags("color: text()")}`);
    const { admin, adminUrl } = await createEmptyDatabase();
    await project.migrate(adminUrl);
    expect((await project.audit(admin)).filter(({ level }) => level === "error")).toEqual([]);
    expect((await project.create("nothing")).status).toBe("unchanged");
  });
});
