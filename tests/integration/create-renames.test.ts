import { describe, expect, it } from "vitest";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const table = (name: string, columns = "title: text()", extra = "") =>
  `export const ${name.replaceAll(/\W/g, "")} = pgTable(${JSON.stringify(name)}, { ...tenantKey(), ${columns} }, (t) => [withTenantRls(t)${extra}]);`;

async function makeWritten(before: string, after: string): Promise<FixtureProject> {
  const project = await makeProject();
  await project.write(before);
  await project.create("init");
  await project.write(after);
  return project;
}

/** The flags that an ambiguous `create` prints, as a shell would split them. */
function printedFlags(stderr: string): string[] {
  return stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("--"));
}

describe("an ambiguous rename, with nobody to ask", () => {
  it("is refused with the exact flags to answer with, and nothing is written", async () => {
    const project = await makeWritten(table("notes"), table("articles"));
    const before = await project.entries();
    const { exitCode, stdout, stderr } = await project.run(["create", "next"]);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("error: It is not clear whether table articles is new or renamed.");
    expect(printedFlags(stderr)).toEqual(["--rename notes=articles", "--create articles"]);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await project.entries()).toEqual(before);
  });

  it("is the same object in JSON", async () => {
    const project = await makeWritten(table("notes"), table("articles"));
    const { exitCode, stdout } = await project.run(["create", "next", "--json"]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      command: "create",
      error: { code: "rename-ambiguous", details: ["--rename notes=articles", "--create articles"] },
    });
  });

  it("asks for a column under its table's new name, in a second round", async () => {
    const project = await makeWritten(table("notes"), table("articles", "heading: text()"));
    expect((await project.run(["create", "next"])).exitCode).toBe(2);
    const second = await project.run(["create", "next", "--rename", "notes=articles"]);
    expect(printedFlags(second.stderr)).toEqual([
      "--rename articles.title=articles.heading",
      "--create articles.heading",
    ]);
    const third = await project.run([
      "create",
      "next",
      "--rename",
      "notes=articles",
      "--rename",
      "articles.title=articles.heading",
    ]);
    expect(third).toMatchObject({ exitCode: 0 });
    expect(third.stdout).toMatch(/^Wrote .*_next\/migration\.sql\n$/);
  });

  it("takes a column by its table's old name, too", async () => {
    const project = await makeWritten(table("notes"), table("articles", "heading: text()"));
    const made = await project.create("next", {
      rename: ["notes=articles", "notes.title=articles.heading"],
    });
    expect(made).toMatchObject({ status: "written" });
    expect(made.status === "written" && made.sql).toMatch(/RENAME COLUMN "title" TO "heading"/);
  });

  it.each([
    [
      "two new tables for two that are gone",
      ["--rename a=c", "--rename b=c", "--create c", "--rename a=d", "--rename b=d", "--create d"],
    ],
  ])("lists every candidate: %s", async (_, flags) => {
    const project = await makeWritten(table("a") + table("b"), table("c") + table("d"));
    const { stderr } = await project.run(["create", "next"]);
    expect(printedFlags(stderr)).toEqual(flags);
    const made = await project.create("next", { rename: ["a=d"], create: ["c"] });
    expect(made.status === "written" && made.sql).toMatch(/ALTER TABLE "a" RENAME TO "d"/);
    expect(made.status === "written" && made.sql).toMatch(/DROP TABLE "b"/);
  });

  it("quotes what a shell would split, and takes names with dots, equals signs and dollars", async () => {
    const project = await makeWritten(table("My notes"), table("it's=a.$& b"));
    const { stderr } = await project.run(["create", "next"]);
    expect(printedFlags(stderr)).toEqual([
      `--rename 'My notes=it'\\''s=a.$& b'`,
      `--create 'it'\\''s=a.$& b'`,
    ]);
    const made = await project.create("next", { rename: ["My notes=it's=a.$& b"] });
    expect(made.status === "written" && made.left).toEqual([]);
    expect(made.status === "written" && made.sql).not.toMatch(/drop table/i);
  });

  it("names the schema where it is not public", async () => {
    const inKb = (name: string) => `export const kb = pgSchema("kb");
      export const one = kb.table("${name}", { ...tenantKey() }, (t) => [withTenantRls(t)]);`;
    const project = await makeWritten(inKb("notes"), inKb("articles"));
    const { stderr } = await project.run(["create", "next"]);
    expect(printedFlags(stderr)).toEqual(["--rename kb.notes=kb.articles", "--create kb.articles"]);
    expect((await project.create("next", { rename: ["kb.notes=kb.articles"] })).status).toBe("written");
  });
});

describe("answers that fit nothing", () => {
  it.each([
    [
      ["--rename", "notse=articles"],
      "--rename notse=articles: nothing of that old name is gone",
      "--rename notes=articles",
    ],
    [["--rename", "notes=artcles"], "table articles is new or renamed", "--create articles"],
    [
      ["--rename", "notes=articles", "--create", "other"],
      "Nothing in the schema is new in that way: --create other",
      "",
    ],
    [
      ["--rename", "notes=articles", "--rename", "a=b"],
      "Nothing in the schema is new in that way: --rename a=b",
      "",
    ],
    [["--rename", "notes"], "--rename notes is not of the form old=new", ""],
    [["--rename", "=notes"], "is not of the form old=new", ""],
    [
      ["--rename", "notes=articles", "--create", "articles"],
      "articles is given to both --rename and --create",
      "",
    ],
    [
      ["--rename", "notes=articles", "--rename", "x=articles"],
      "articles is said to be renamed from more than one thing",
      "",
    ],
  ])("refuses %j", async (flags, message, detail) => {
    const project = await makeWritten(table("notes"), table("articles"));
    const before = await project.entries();
    const { exitCode, stderr } = await project.run(["create", "next", ...flags]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(detail);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await project.entries()).toEqual(before);
  });
});

describe("questions that follow from a rename", () => {
  const long = (letter: string) => letter.repeat(60);
  const schema = (name: string) => `
    export const owners = pgTable("owners", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);
    export const main = pgTable("${name}", { ...tenantKey(), parentId: uuid("parent_id"), slug: text().notNull() }, (t) => [withTenantRls(t),
      unique("main_slug_key").on(t.creatorId, t.slug), index("main_slug_idx").on(t.creatorId, t.slug),
      check("main_slug_check", sql\`\${t.slug} <> ''\`),
      pgPolicy("main_mine", { as: "restrictive", for: "delete", to: pgRole("app_tenant").existing(), using: sql.raw("slug <> 'x'") }),
      tenantForeignKey(t, { columns: [], foreignColumns: [owners.id], onDelete: "cascade" }),
      tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })]);
    export const child = pgTable("child", { ...tenantKey(), mainId: uuid("main_id") }, (t) => [withTenantRls(t),
      tenantForeignKey(t, { columns: [t.mainId], foreignColumns: [main.id] })]);`;

  it.each([
    [long("a"), long("b")],
    [long("a"), "short"],
    ["short", long("a")],
  ])("need no person, whatever hangs on the table: %s becomes %s", async (from, to) => {
    const database = await createEmptyDatabase();
    const project = await makeProject();
    await project.write(schema(from));
    await project.advance(database, "init");
    await database.admin.unsafe("insert into owners (id) values (gen_random_uuid())");
    await database.admin.unsafe(`insert into "${from}" (creator_id, slug) select id, 'kept' from owners`);
    await project.write(schema(to));
    const sql = await project.advance(database, "next", { rename: [`${from}=${to}`] });
    expect(sql).not.toMatch(/drop table|drop column|disable row|no force/i);
    expect(await database.admin.unsafe(`select slug from "${to}"`)).toEqual([{ slug: "kept" }]);
  });

  it("do not mistake one table's things for another's", async () => {
    const project = await makeWritten(table("a") + table("ab"), table("b") + table("ab"));
    const made = await project.create("next", { rename: ["a=b"] });
    expect(made.status === "written" && made.left).toEqual([]);
    expect(made.status === "written" && made.sql).not.toMatch(/"ab/);
  });

  it("are asked of a person where one is there", async () => {
    const project = await makeWritten(table("notes"), table("articles", "heading: text()"));
    const asked: string[] = [];
    const made = await project.create("next", {
      ask: async (question) => {
        asked.push(`${question.kind} ${question.label}: ${question.candidates.join(", ")}`);
        return question.candidates[0];
      },
    });
    expect(asked).toEqual(["table articles: notes", "column articles.heading: articles.title"]);
    expect(made.status === "written" && made.sql).not.toMatch(/drop table|drop column/i);
  });
});
