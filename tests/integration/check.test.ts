import { execFile } from "node:child_process";
import { chmod, cp, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { GitProject } from "../fixtures/check/git-project.js";
import { makeGitProject } from "../fixtures/check/git-project.js";

const source = fileURLToPath(new URL("../..", import.meta.url));
const OPEN_TABLE =
  'import { pgTable, text } from "drizzle-orm/pg-core";\nexport const secrets = pgTable("secrets", { a: text() });\n';
const withoutRls = (text: string) => text.replace(/withTenantRls\(t[^)]*\),/, "");

describe("tenantry check", () => {
  it("finds nothing in this repository's schema and migrations, and says what it has looked at", async () => {
    const project = await makeGitProject();
    const { exitCode, stdout, stderr } = await project.check();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^No findings: checked 8 tables, 3 migrations, \d+ statements\.$/m);
    expect(stdout).toMatch(/^ {2}creators: key-not-tenant-leading for creators_email_key: \S/m);
  });

  it("finds a table that has lost withTenantRls, with file and line", async () => {
    const project = await makeGitProject();
    await project.edit("schema/documents.ts", withoutRls);
    const { exitCode, stdout } = await project.check("--no-squawk");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^error\[table-not-declared\] documents \(schema\/documents\.ts:\d+:\d+\): /m);
    expect(stdout).toContain("warning[schema-changed] schema (schema/index.ts)");
    expect(stdout).toMatch(/^\d+ errors?, \d+ warnings? in \d files$/m);
  });

  it("finds what a migration opens, suppresses it with a reason, and tells a suppression that serves nothing", async () => {
    const project = await makeGitProject();
    const folder = await project.addMigration(
      "open",
      "select 1;\n  alter table documents no force row level security;\n",
    );
    const place = `${folder}/migration.sql`;
    const broken = await project.check();
    expect(broken.exitCode).toBe(1);
    expect(broken.stdout).toContain(`error[rls-not-forced] documents (${place}:2:3): `);
    expect(broken.stdout).toContain("1 error in 1 file");
    await project.write(
      place,
      "select 1;\n-- tenantry-ignore rls-not-forced -- the owner of this database is nobody's login\nalter table documents no force row level security;\n",
    );
    expect((await project.check()).exitCode).toBe(0);
    await project.write(place, "-- tenantry-ignore rls-not-forced -- no longer\nselect 1;\n");
    const unused = await project.check();
    expect(unused.exitCode).toBe(0);
    expect(unused.stdout).toContain(`warning[suppression-unused] rls-not-forced (${place}:1:1): `);
  });

  it("refuses SQL that does not parse, with its place and a caret", async () => {
    const project = await makeGitProject({ git: false });
    const folder = await project.addMigration("typo", "select 1;\nselect 'ä', frm;\nselct 2;");
    const { exitCode, stdout, stderr } = await project.check();
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(
      `error: ${folder}/migration.sql:3:1: syntax error at or near "selct".\n  selct 2;\n  ^`,
    );
  });

  it("accepts the findings of a legacy project once, and fails on new ones alone", async () => {
    const project = await makeGitProject();
    const folder = await project.addMigration("legacy", "grant truncate on documents to app_tenant;");
    const written = await project.check("--baseline", "baseline.json");
    expect(written.stdout).toBe(
      "Wrote baseline.json: 1 finding accepted. From now on only new ones count.\n",
    );
    expect(written.exitCode).toBe(0);
    await project.write(`${folder}/migration.sql`, "\n\n\ngrant truncate on documents to app_tenant;");
    const accepted = await project.check("--baseline", "baseline.json");
    expect(accepted.exitCode).toBe(0);
    expect(accepted.stdout).toContain("1 finding accepted by the baseline");
    await project.write(`${folder}/migration.sql`, "grant truncate on creators to app_tenant;");
    const changed = await project.check("--baseline", "baseline.json");
    expect(changed.exitCode).toBe(1);
    expect(changed.stderr).toContain("warning: baseline.json accepts grant-too-wide of documents in ");
  });

  it("prints one object, a SARIF log or annotations, with paths from the top of the repository", async () => {
    const project = await makeGitProject({ below: "packages/api" });
    const folder = await project.addMigration("open", "alter table documents disable row level security;");
    const json = await project.check("--json", "--no-squawk");
    const parsed = JSON.parse(json.stdout);
    expect(parsed).toMatchObject({
      ok: false,
      command: "check",
      data: { checked: { tables: 8, migrations: 4 } },
    });
    expect(parsed.findings).toEqual([
      expect.objectContaining({
        rule: "rls-not-enabled",
        file: `${folder}/migration.sql`,
        line: 1,
        column: 1,
      }),
    ]);
    expect(JSON.parse((await project.check("--format", "json", "--no-squawk")).stdout)).toEqual(parsed);
    const sarif = JSON.parse((await project.check("--format", "sarif", "--no-squawk")).stdout);
    expect(sarif.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe(
      `packages/api/${folder}/migration.sql`,
    );
    const github = await project.check("--format", "github", "--no-squawk");
    expect(github.stdout).toMatch(
      new RegExp(
        `^::error file=packages/api/${folder}/migration.sql,line=1,col=1,title=rls-not-enabled documents::`,
      ),
    );
    expect(await project.check("--format", "xml")).toMatchObject({ exitCode: 2, stdout: "" });
  });

  it("compares the migrations with what git has", async () => {
    const project = await makeGitProject();
    await project.git("checkout", "--quiet", "-b", "feature");
    const folder = await project.addMigration("mine", "select 1;");
    await project.commit();
    await project.write(`${folder}/migration.sql`, "select 2;");
    expect((await project.check()).stdout).toContain("warning[migration-edited]");
    await project.edit(`drizzle/${project.first}/migration.sql`, (text) => `${text}\n-- edited\n`);
    const { exitCode, stdout } = await project.check();
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      `error[migration-edited] ${project.first} (drizzle/${project.first}/migration.sql:1:1)`,
    );
    expect(await project.check("--base", "no-such-branch")).toMatchObject({ exitCode: 2 });
    const all = await project.check("--base", "HEAD");
    expect(all.stdout.match(/error\[migration-edited\]/g)).toHaveLength(2);
  });

  it("checks a project that has no migration yet", async () => {
    const project = await makeGitProject({ git: false });
    await rm(join(project.directory, "drizzle"), { recursive: true });
    expect(await project.check()).toMatchObject({
      exitCode: 0,
      stderr: "warning: there is no migration in drizzle yet\n",
    });
  });
});

describe("tenantry check --staged", () => {
  it("judges the index and not the work tree", async () => {
    const project = await makeGitProject();
    await project.edit("schema/documents.ts", withoutRls);
    await project.git("add", "--all");
    await project
      .git("show", "HEAD:./schema/documents.ts")
      .then((text) => project.write("schema/documents.ts", text));
    const { exitCode, stdout } = await project.check("--staged");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^error\[table-not-declared\] documents \(schema\/documents\.ts:\d+:\d+\): /m);
  });

  it("is content with what is staged, whatever the work tree looks like", async () => {
    const project = await makeGitProject({ below: "packages/api" });
    await project.edit("schema/documents.ts", (text) => `${text}\n// a comment\n`);
    await project.git("add", "--all");
    await project.edit("schema/documents.ts", withoutRls);
    await project.addMigration("open", "alter table documents disable row level security;");
    const { exitCode, stdout, stderr } = await project.check("--staged");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("checked 8 tables, 3 migrations");
    expect(await project.git("status", "--short")).toContain("MM schema/documents.ts");
  });

  it("finds a staged migration that opens a table", async () => {
    const project = await makeGitProject();
    const folder = await project.addMigration("open", "alter table documents disable row level security;");
    await project.git("add", "--all");
    await rm(join(project.directory, folder), { recursive: true });
    const { exitCode, stdout } = await project.check("--staged");
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`error[rls-not-enabled] documents (${folder}/migration.sql:1:1): `);
  });

  it("has nothing to do where nothing is staged that it would read", async () => {
    const project = await makeGitProject();
    await project.write("README.md", "hello");
    await project.write("docs/schema/picture.svg", "<svg />");
    await project.git("add", "--all");
    await project.edit("schema/documents.ts", withoutRls);
    expect(await project.check("--staged")).toMatchObject({
      exitCode: 0,
      stdout: "Nothing is staged that is to be checked.\n",
    });
    expect(JSON.parse((await project.check("--staged", "--format", "sarif")).stdout).version).toBe("2.1.0");
  });

  it.each([
    [
      "a table that the schema takes from another folder",
      async (project: GitProject) => {
        await project.git("mv", "schema/documents.ts", "documents.ts");
        await project.edit("documents.ts", (text) => text.replaceAll('from "./', 'from "./schema/'));
        for (const name of ["index", "conversations"])
          await project.edit(`schema/${name}.ts`, (text) =>
            text.replace('"./documents.js"', '"../documents.js"'),
          );
      },
      (project: GitProject) => project.edit("documents.ts", withoutRls),
    ],
    [
      "a helper that declares tables, in a folder of its own and in JavaScript",
      async (project: GitProject) => {
        await project.write("lib/protect.mjs", 'export { withTenantRls as protect } from "tenantry";\n');
        await project.edit("schema/documents.ts", (text) =>
          text
            .replace(/withTenantRls\(t/, "protect(t")
            .replace(/^import/m, 'import { protect } from "../lib/protect.mjs";\nimport'),
        );
      },
      (project: GitProject) => project.write("lib/protect.mjs", "export const protect = () => [];\n"),
    ],
  ])("judges %s", async (_, prepare, breakIt) => {
    const project = await makeGitProject();
    await prepare(project);
    await project.commit();
    await breakIt(project);
    await project.git("add", "--all");
    const { exitCode, stdout } = await project.check("--staged");
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: expect.stringMatching(/^error\[table-not-declared\] documents /m),
    });
  });

  it.each([
    ["deleted", "rm"],
    ["renamed to what is not read", "mv"],
  ])("sees that a file was %s", async (_, command) => {
    const project = await makeGitProject();
    await project.addMigration("more", "select 1;");
    await project.commit();
    const file = `drizzle/${project.first}/migration.sql`;
    await project.git(command, file, ...(command === "mv" ? [`drizzle/${project.first}/migration.txt`] : []));
    expect(await project.check("--staged")).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(`error[migration-orphaned] ${project.first}`),
    });
  });

  it("looks behind a link that is staged", async () => {
    const project = await makeGitProject();
    await project.git("mv", "schema", "tables");
    await symlink("tables", join(project.directory, "schema"));
    await project.commit();
    await project.git("mv", "tables", "elsewhere");
    await project.write("others/index.ts", OPEN_TABLE);
    await project.commit();
    await rm(join(project.directory, "schema"));
    await symlink("others", join(project.directory, "schema"));
    await project.git("add", "schema");
    expect((await project.git("diff", "--cached", "--name-only")).trim()).toBe("schema");
    const { exitCode, stdout } = await project.check("--staged");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/error\[table-not-declared\] secrets /);
  });

  it("needs a repository", async () => {
    const project = await makeGitProject({ git: false });
    const { exitCode, stderr } = await project.check("--staged");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("is not in a git repository");
  });
});

describe("the pre-commit hook", () => {
  it("stops a commit, and says what to do where nothing is installed", async () => {
    const project = await makeGitProject();
    await cp(join(source, ".githooks"), join(project.directory, ".githooks"), { recursive: true });
    await chmod(join(project.directory, ".githooks/pre-commit"), 0o755);
    await project.git("config", "core.hooksPath", ".githooks");
    await project.write("README.md", "hello");
    await project.git("add", "README.md");
    const commit = () => project.git("commit", "--quiet", "--message", "more");
    await rm(join(project.directory, "node_modules"), { recursive: true });
    await expect(commit()).rejects.toThrow(
      'node_modules is missing, so nothing can be checked. Run "make setup"',
    );
  });

  it("is what the pre-commit framework runs, too", async () => {
    const hooks = await readFile(join(source, ".pre-commit-hooks.yaml"), "utf8");
    expect(hooks).toContain("tenantry check --staged");
    await promisify(execFile)("sh", ["-n", join(source, ".githooks/pre-commit")]);
  });
});
