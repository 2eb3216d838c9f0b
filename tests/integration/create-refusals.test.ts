import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { withDatabase } from "../../src/postgres/connect.js";
import { serverUrl } from "../support/databases.js";
import type { CommandResult, FixtureProject } from "./fixture-project.js";
import { makeProject, shadowDatabases } from "./fixture-project.js";

const NOTES =
  'export const notes = pgTable("notes", { ...tenantKey(), title: text() }, (t) => [withTenantRls(t)]);';
const MORE = `${NOTES}\nexport const tags = pgTable("tags", { ...tenantKey() }, (t) => [withTenantRls(t)]);`;

async function makeWritten(schema = NOTES): Promise<FixtureProject> {
  const project = await makeProject();
  await project.write(schema);
  await project.create("init");
  return project;
}

/** A mistake prints a few plain lines on stderr, exits with 2, and has no stack. */
function expectMistake(result: CommandResult, ...texts: readonly (string | RegExp)[]): void {
  expect(result.stderr).not.toMatch(/\n\s+at |This is a bug/);
  for (const text of texts) expect(result.stderr).toMatch(text);
  expect(result.stderr).toMatch(/\nhint: /);
  expect(result).toMatchObject({ exitCode: 2, stdout: "" });
}

describe("tenantry create, from the first migration on", () => {
  it("writes the first migration, and nothing the second time", async () => {
    const project = await makeProject();
    await project.write(NOTES);
    const first = await project.run(["create", "init"]);
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stdout).toMatch(/^Wrote .*\/\d{14}_init\/migration\.sql\n$/);
    const entries = await project.entries();
    expect(entries).toHaveLength(1);
    const again = await project.run(["create", "again"]);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stdout).toBe("Nothing to write: the migrations are what the schema demands.\n");
    expect(await project.entries()).toEqual(entries);
  });

  it("prints with --dry-run what it would write, and writes nothing", async () => {
    const project = await makeProject();
    await project.write(NOTES);
    const { exitCode, stdout } = await project.run(["create", "init", "--dry-run"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("force row level security");
    expect(await project.entries()).toEqual([]);
  });

  it("gives two migrations of one name, made in one second, an order", async () => {
    const project = await makeProject();
    const columns = ["a: text()", "b: text()", "c: text()"];
    for (const count of [1, 2, 3]) {
      await project.write(
        `export const notes = pgTable("notes", { ...tenantKey(), ${columns.slice(0, count).join(", ")} }, (t) => [withTenantRls(t)]);`,
      );
      expect((await project.create(count === 1 ? "z" : "same")).status).toBe("written");
    }
    const entries = (await project.entries()).sort();
    expect(entries.map((name) => name.slice(15))).toEqual(["z", "same", "same"]);
    expect(new Set(entries.map((name) => name.slice(0, 14))).size).toBe(3);
    expect((await project.create("nothing")).status).toBe("unchanged");
  });

  it("puts a migration after one that a colleague's fast clock has named", async () => {
    const project = await makeWritten();
    const [name = ""] = await project.entries();
    await rename(join(project.out, name), join(project.out, "20991231235959_init"));
    await project.write(MORE);
    expect(await project.create("next")).toMatchObject({ status: "written", name: "21000101000000_next" });
    expect((await project.create("nothing")).status).toBe("unchanged");
  });

  it.each(["añadir_facturas", "請求書", "1st-draft", "a".repeat(100)])("takes the name %s", async (name) => {
    const project = await makeProject();
    await project.write(NOTES);
    const made = await project.create(name);
    expect(made.status === "written" && made.name.slice(15)).toBe(name);
    expect((await project.create("nothing")).status).toBe("unchanged");
  });

  it.each(["../outside", "a/b", "a b", ".hidden", "-flag", "", "a".repeat(101), "x\0y", "a;b"])(
    "refuses the name %j",
    async (name) => {
      const project = await makeProject();
      await project.write(NOTES);
      await expect(project.create(name)).rejects.toMatchObject({ code: "argument-invalid" });
      expectMistake(await project.run(["create", "--", name]), /name/);
      expect(await project.entries()).toEqual([]);
    },
  );

  it("refuses to run without a name", async () => {
    const project = await makeProject();
    await project.write(NOTES);
    expectMistake(await project.run(["create"]), /name/, /tenantry create add_invoices/);
  });
});

describe("tenantry create, of a schema that it cannot take", () => {
  it("finds a table that nobody declared, and writes nothing", async () => {
    const project = await makeProject();
    await project.write(`${NOTES}\nexport const open = pgTable("open", { id: serial().primaryKey() });`);
    const { exitCode, stdout } = await project.run(["create", "init"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("error[table-not-declared] open:");
    expect(stdout).toContain("fix: Add withTenantRls(t)");
    expect(await project.entries()).toEqual([]);
  });

  it.each([
    [
      "a tenant table without the tenant column",
      'export const notes = pgTable("notes", { id: serial() }, (t) => [withTenantRls(t as never)]);',
      [/Table notes has no tenant column creator_id/, /tenantKey\(\)/],
    ],
    [
      "a tenant column of a type that holds no tenant",
      'export const notes = pgTable("notes", { creatorId: jsonb("creator_id"), id: serial() }, (t) => [withTenantRls(t)]);',
      [/notes\.creator_id is of type jsonb/],
    ],
    [
      "a global table without a reason",
      'export const notes = pgTable("notes", { id: serial() }, (t) => [globalTable(t, { reason: " " })]);',
      [/No reason is given for the global table notes/],
    ],
    ["a schema file that throws", 'throw new Error("boom");', [/schema-1\.ts could not be loaded: boom/]],
    ["a schema file that does not parse", "export const = 1;", [/schema-1\.ts could not be loaded/]],
    [
      "an import of what is missing",
      'import "not-installed-anywhere";',
      [/not-installed-anywhere/, /must be installed/],
    ],
    ["an import of a file that is missing", 'import "./not-there.js";', [/not-there/]],
    [
      "two tables of one name",
      `${NOTES}\nexport const more = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);`,
      [/Two tables of the schema are named public\.notes/],
    ],
    ["no table", "export const x = 1;", [/The schema files export no table/]],
    [
      "audit rows without a log",
      'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t, { audit: true })]);',
      [/notes asks for audit rows/, /tenantAuditLog/],
    ],
    [
      "a policy with parameters",
      `export const notes = pgTable('notes', { ...tenantKey(), a: text() }, (t) => [withTenantRls(t), pgPolicy('p', { using: sql\`a = \${'x'}\` })]);`,
      [/Policy p of notes has parameters/],
    ],
    [
      "a name with a double quote, which drizzle-kit does not quote",
      `export const notes = pgTable('no"tes', { ...tenantKey() }, (t) => [withTenantRls(t)]);`,
      [/drizzle-kit wrote a statement that PostgreSQL cannot parse/],
    ],
    [
      "a default that PostgreSQL refuses",
      "export const notes = pgTable('notes', { ...tenantKey(), a: integer().default(sql.raw('nothing()')) }, (t) => [withTenantRls(t)]);",
      [/function nothing\(\) does not exist/, /\^/],
    ],
    [
      "a tenant column named twice",
      'export const notes = pgTable("notes", { ...tenantKey(), other: text("creator_id") }, (t) => [withTenantRls(t)]);',
      [/creator_id/],
    ],
  ])("refuses %s", async (_, schema, texts) => {
    const project = await makeProject();
    await project.write(schema);
    expectMistake(await project.run(["create", "init"]), ...texts);
    expect(await project.entries()).toEqual([]);
    expect(await shadowDatabases()).toEqual([]);
  });

  it("refuses a schema pattern that matches nothing", async () => {
    const project = await makeProject({ config: { schema: "./nowhere/*.ts" } });
    await project.write(NOTES);
    expectMistake(await project.run(["create", "init"]), /No schema file matches \.\/nowhere\/\*\.ts/);
  });

  it("refuses a column change under a view, in PostgreSQL's words", async () => {
    const view =
      'export const titles = pgView("titles").with({ securityInvoker: true }).as((qb) => qb.select({ title: notes.title }).from(notes));';
    const project = await makeWritten(`${NOTES}\n${view}`);
    await project.write(`${NOTES.replace("title: text()", "title: varchar({ length: 9 })")}\n${view}`);
    const before = await project.entries();
    expectMistake(await project.run(["create", "next"]), /cannot alter type of a column used by a view/);
    expect(await project.entries()).toEqual(before);
    expect(await shadowDatabases()).toEqual([]);
  });
});

describe("tenantry create, with a configuration that it cannot take", () => {
  it("refuses a missing file", async () => {
    const project = await makeProject();
    expectMistake(await project.run(["create", "init"]), /drizzle\.config\.ts was not found in/, /--config/);
  });

  it.each([
    [
      "an unknown option of defineTenancy",
      "export const tenancy = defineTenancy({ colunm: 'x' });",
      /colunm/,
    ],
    [
      "a column type that it does not know",
      "export const tenancy = defineTenancy({ columnType: 'jsonb' });",
      /columnType/,
    ],
    [
      "a setting without a prefix",
      "export const tenancy = defineTenancy({ setting: 'creator' });",
      /prefix\.name/,
    ],
    [
      "two roles of one name",
      "export const tenancy = defineTenancy({ roles: { tenant: 'x', admin: 'x' } });",
      /three roles must differ/,
    ],
    [
      "a tenancy that is none",
      "export const tenancy = { column: 'x' };",
      /not what defineTenancy\(\) returns/,
    ],
    ["a file that does not parse", "export const = 1;", /could not be loaded/],
    ["a file that throws", "throw new Error('boom');", /boom/],
  ])("refuses %s", async (_, text, message) => {
    const project = await makeProject();
    await writeFile(join(project.directory, "schema.ts"), "");
    await writeFile(
      join(project.directory, "drizzle.config.ts"),
      `import { defineTenancy } from "tenantry";\nexport default { dialect: "postgresql", schema: "./schema.ts" };\n${text}`,
    );
    expectMistake(await project.run(["create", "init"]), message);
  });

  it.each([
    ["no default export", "export const x = 1;", /default export/],
    ["another dialect", 'export default { dialect: "mysql", schema: "./schema.ts" };', /dialect/],
    ["no schema", 'export default { dialect: "postgresql" };', /schema/],
  ])("refuses %s", async (_, text, message) => {
    const project = await makeProject();
    await writeFile(join(project.directory, "drizzle.config.ts"), text);
    expectMistake(await project.run(["create", "init"]), message, /is not valid/);
  });
});

describe("tenantry create, in a migrations folder that it cannot take", () => {
  it("refuses the old layout", async () => {
    const project = await makeProject();
    await project.write(NOTES);
    await mkdir(join(project.out, "meta"), { recursive: true });
    await writeFile(join(project.out, "meta", "_journal.json"), "{}");
    await writeFile(join(project.out, "0000_x.sql"), "select 1;");
    expectMistake(await project.run(["create", "next"]), /layout of drizzle-kit 0\.x/, /drizzle-kit up/);
  });

  it("refuses a snapshot with conflict markers", async () => {
    const project = await makeWritten();
    const [name = ""] = await project.entries();
    const file = join(project.out, name, "snapshot.json");
    await writeFile(file, `<<<<<<< HEAD\n${await readFile(file, "utf8")}=======\n>>>>>>> branch\n`);
    await project.write(MORE);
    expectMistake(
      await project.run(["create", "next"]),
      /drizzle-kit could not compare/,
      /snapshot\.json/,
      /git/,
    );
    expect(await project.entries()).toEqual([name]);
  });

  it("refuses a folder without its migration.sql, and one that is not named like a migration", async () => {
    const project = await makeWritten();
    await mkdir(join(project.out, "20200101000000_empty"));
    expectMistake(await project.run(["create", "next"]), /20200101000000_empty has no migration\.sql/);
    await rename(join(project.out, "20200101000000_empty"), join(project.out, "notes"));
    expectMistake(await project.run(["create", "next"]), /is not named like a migration/);
  });

  it("refuses a migration that does not apply, and names file, statement and place", async () => {
    const project = await makeWritten();
    const [name = ""] = await project.entries();
    const file = join(project.out, name, "migration.sql");
    await writeFile(
      file,
      `${await readFile(file, "utf8")}--> statement-breakpoint\nalter table notes\n  add colunm x text;\n`,
    );
    await project.write(MORE);
    expectMistake(
      await project.run(["create", "next"]),
      `Migration ${name} failed: syntax error at or near "text" (42601).`,
      / {2}add colunm x text;\n\s+\^/,
      file,
    );
    expect(await project.entries()).toEqual([name]);
    expect(await shadowDatabases()).toEqual([]);
  });

  it("refuses an out folder that is a file", async () => {
    const project = await makeProject();
    await project.write(NOTES);
    await writeFile(project.out, "");
    expectMistake(await project.run(["create", "init"]), /drizzle/);
  });

  it.runIf(process.getuid?.() === 0)("leaves nothing half written on a full disk", async () => {
    const project = await makeWritten();
    const [name = ""] = await project.entries();
    const moved = join(project.directory, "moved");
    await rename(project.out, moved);
    await mkdir(project.out);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", project.out]);
    onTestFinished(() => void execFileSync("umount", [project.out]));
    execFileSync("cp", ["-r", join(moved, name), project.out]);
    await project.write(MORE);
    // Leaves room for a folder, and not for what goes into it.
    try {
      await writeFile(join(project.out, "filler"), Buffer.alloc(1024 * 1024));
    } catch {
      // It is full now.
    }
    expectMistake(await project.run(["create", "next"]), /could not be written/, /nothing was changed/);
    expect((await readdir(project.out)).sort()).toEqual([name, "filler"]);
  });
});

describe("Ctrl-C", () => {
  it.each(["comparing", "rehearsing"])("while it is %s writes nothing and leaves no shadow", async (step) => {
    const project = await makeProject();
    await project.write(NOTES);
    const controller = new AbortController();
    const logger = {
      info: (message: string) => {
        if (message.startsWith(step)) controller.abort();
      },
      warn: () => {},
    };
    await expect(project.create("init", { signal: controller.signal, logger })).rejects.toMatchObject({
      code: "interrupted",
    });
    expect(await project.entries()).toEqual([]);
    expect(await shadowDatabases()).toEqual([]);
  });

  it("during a long statement of an earlier migration cancels it", async () => {
    const project = await makeWritten();
    const [name = ""] = await project.entries();
    const file = join(project.out, name, "migration.sql");
    await writeFile(
      file,
      `${await readFile(file, "utf8")}--> statement-breakpoint\nselect pg_sleep(60) /* ${name} */;\n`,
    );
    await project.write(MORE);
    const controller = new AbortController();
    const running = project.create("next", { signal: controller.signal });
    const outcome = expect(running).rejects.toMatchObject({ code: "interrupted" });
    await untilRunning(`%pg_sleep(60) /* ${name}%`);
    controller.abort();
    await outcome;
    expect(await project.entries()).toEqual([name]);
    expect(await shadowDatabases()).toEqual([]);
  });

  it("says through the command line that nothing was lost, and exits with 2", async () => {
    const project = await makeProject();
    await project.write(NOTES);
    expectMistake(await project.run(["create", "init"], {}, AbortSignal.abort()), /Interrupted/);
    expect(await project.entries()).toEqual([]);
  });
});

/** Waits until the server runs such a statement. */
async function untilRunning(pattern: string): Promise<void> {
  await withDatabase(new URL(serverUrl), {}, async (database) => {
    await expect
      .poll(
        async () =>
          (
            await database`select from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like ${pattern}`
          ).length,
        { timeout: 30_000 },
      )
      .toBe(1);
  });
}
