import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

/** Without double quotes, which drizzle-kit does not escape in names. */
const ODD = "<img src=x onerror=alert(1)> 'Größe'";

const TABLES = `
export const creators = pgTable("creators", { ...tenantRootKey(), name: text() }, (t) => [tenantRoot(t)]);
export const notes = pgTable("notes", { ...tenantKey(), title: text() }, (t) => [
  withTenantRls(t),
  tenantForeignKey(t, { columns: [], foreignColumns: [creators.id], onDelete: "cascade" }),
]);
export const odd = pgTable(${JSON.stringify(ODD)}, { ...tenantKey() }, (t) => [withTenantRls(t)]);
export const countries = pgTable("countries", { code: text().primaryKey() }, (t) => [
  globalTable(t, { reason: "The same for <everybody>." }),
]);`;

const roles = makeOwnRoles();
let project: FixtureProject;
let database: Awaited<ReturnType<typeof createEmptyDatabase>>;

/** Runs a report on the database; files are named from the project's folder. */
const report = (argv: readonly string[], variables: NodeJS.ProcessEnv = {}, signal?: AbortSignal) =>
  project.run(["report", ...argv], { DATABASE_URL: database.adminUrl.href, ...variables }, signal);

const read = (name: string) => readFile(join(project.directory, name), "utf8");

const drafts = async () => (await readdir(project.directory)).filter((name) => name.endsWith(".draft"));

/** Runs a test on a database that is otherwise than it should be, and puts it right again. */
async function whileItIs(broken: string, mended: string, test: () => Promise<void>): Promise<void> {
  await database.admin.unsafe(broken).simple();
  try {
    await test();
  } finally {
    await database.admin.unsafe(mended).simple();
  }
}

beforeAll(async () => {
  project = await makeProject({ tenancy: { roles } });
  database = await createEmptyDatabase();
  await project.write(TABLES);
  await project.create("init");
  await project.migrate(database.adminUrl);
});

describe("tenantry report", () => {
  it("writes what it knows into one file that its owner alone reads, and says how it stands", async () => {
    const { exitCode, stdout, stderr } = await report(["--html", "report.html"]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stdout.replaceAll("\n", " ")).toMatch(
      /^\S+ is isolated: no check found a leak in 4 tables, and \d+ attacks on a shadow/,
    );
    expect(stdout).toContain(`Written to ${join(project.directory, "report.html")}\n`);
    expect(
      Math.max(
        ...stdout
          .split("\n")
          .slice(0, -2)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
    expect((await stat(join(project.directory, "report.html"))).mode & 0o777).toBe(0o600);
    const page = await read("report.html");
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt; &#39;Größe&#39;");
    expect(page).not.toContain("<img");
    expect(page).toContain("The same for &lt;everybody&gt;.");
    expect(await drafts()).toEqual([]);
  });

  it("gives programs the same as one object", async () => {
    const { exitCode, stdout } = await report(["--json", "--probe", "none"]);
    expect(exitCode).toBe(0);
    const { ok, command, data, findings } = JSON.parse(stdout);
    expect({ ok, command, findings }).toEqual({ ok: true, command: "report", findings: [] });
    expect(data).toMatchObject({
      format: 1,
      file: null,
      verdict: { state: "isolated", sentence: expect.stringContaining("no attack was tried") },
      attacks: { read: false, reason: expect.stringContaining("--probe none") },
      drift: { read: true, comparedWith: "shadow" },
      migrations: { read: true, applied: 1, pending: [] },
      timeline: { read: true, runs: [{ run: { outcome: "applied" }, migrations: [{ outcome: "applied" }] }] },
      references: [{ from: "notes", to: "creators", keepsTenant: true }],
      exceptions: [{ kind: "global table", table: "countries", reason: "The same for <everybody>." }],
      git: { read: false },
    });
    expect(
      data.tables.map(({ table, verdict }: { table: string; verdict: string }) => [table, verdict]),
    ).toEqual([
      [ODD, "isolated"],
      ["creators", "isolated"],
      ["notes", "isolated"],
      ["countries", "shared"],
    ]);
    const crossing = Object.fromEntries(
      data.roles.map(({ name, crosses }: { name: string; crosses: string }) => [name, crosses]),
    );
    expect(crossing).toMatchObject({
      [roles.tenant]: "no",
      [roles.door]: "through doors",
      [roles.admin]: "yes",
    });
  });

  it("attacks the database itself if it is told to, and leaves nothing there", async () => {
    const rows = () =>
      database.admin`select (select count(*) from creators) + (select count(*) from notes) as n`;
    const before = await rows();
    const { exitCode, stdout } = await report(["--probe", "target", "--json"], { SHADOW_DATABASE_URL: "" });
    expect(exitCode).toBe(0);
    const { data } = JSON.parse(stdout);
    expect(data.attacks).toMatchObject({
      read: true,
      on: "target",
      matrix: { notes: { "probe-read": "held" } },
    });
    expect(data.drift).toEqual({ read: true, comparedWith: "schema" });
    expect(await rows()).toEqual(before);
  });

  it("says what is not isolated, and ends with 1", async () => {
    await whileItIs(
      "alter table notes no force row level security; create table strays (id int)",
      "alter table notes force row level security; drop table strays",
      async () => {
        const { exitCode, stdout } = await report(["--html", "open.html", "--probe", "none", "--json"]);
        expect(exitCode).toBe(1);
        const { data, findings } = JSON.parse(stdout);
        expect(data.verdict.state).toBe("not isolated");
        expect(findings).toContainEqual(
          expect.objectContaining({ rule: "rls-not-forced", subject: "notes" }),
        );
        expect(data.tables.slice(0, 2)).toMatchObject([
          { table: "notes", kind: "tenant", verdict: "not isolated", forced: false },
          { table: "strays", kind: "not declared", verdict: "not isolated" },
        ]);
        const page = await read("open.html");
        expect(page).toContain('<p class="state">Not isolated</p>');
        expect(page).toContain("✕ NOT ISOLATED");
      },
    );
  });

  it("tells a difference from a leak", async () => {
    await whileItIs(
      "alter table notes add column more text",
      "alter table notes drop column more",
      async () => {
        const { exitCode, stdout } = await report(["--probe", "none"]);
        expect(exitCode).toBe(1);
        expect(stdout.replaceAll("\n", " ")).toContain("is not what the code demands: 1 error.");
      },
    );
  });

  it("says of what it could not read that it could not, and why", async () => {
    await whileItIs(
      "alter table tenantry.runs rename column host to gone",
      "alter table tenantry.runs rename column gone to host",
      async () => {
        const { exitCode } = await report(["--html", "part.html", "--probe", "none"]);
        expect(exitCode).toBe(0);
        expect(await read("part.html")).toMatch(
          /The run log<\/strong> could not be read: <bdi>[^<]*\(42703\)/,
        );
      },
    );
  });

  it("proves too little without a shadow, unless nobody asked for attacks", async () => {
    const variables = { SHADOW_DATABASE_URL: "", TENANTRY_ENV: "staging", CI: "" };
    const wanting = await report(["--html", "wanting.html"], variables);
    expect(wanting.exitCode).toBe(1);
    expect(wanting.stdout.replaceAll("\n", " ")).toContain("the attacks could not be read");
    expect(await read("wanting.html")).toContain(
      "SHADOW_DATABASE_URL is not set, and the environment is staging.",
    );
    expect((await report(["--probe", "none"], variables)).exitCode).toBe(0);
  });

  it("has no password on the page, its own or one that the log has kept", async () => {
    const secret = "hunter2hunter2";
    await whileItIs(
      `update tenantry.runs set error = 'no answer from postgres://me:${secret}@db/app', error_code = 'connection-failed'`,
      "update tenantry.runs set error = null, error_code = null",
      async () => {
        await report(["--html", "secret.html", "--probe", "none"]);
        const page = await read("secret.html");
        expect(page).toContain("no answer from postgres://me:***@db/app");
        expect(page).not.toContain(secret);
        expect(page).not.toContain(`:${database.adminUrl.password}@`);
        const { stdout } = await report(["--json", "--probe", "none"]);
        expect(stdout).not.toContain(secret);
      },
    );
  });
});

describe("the file of a report", () => {
  const write = (name: string, ...argv: readonly string[]) =>
    report(["--html", name, "--probe", "none", ...argv], { SHADOW_DATABASE_URL: "" });

  it("replaces a report, an empty file, and what a link leads to; the link stays", async () => {
    const target = join(project.directory, "kept.html");
    await writeFile(target, "");
    await chmod(target, 0o644);
    await symlink(target, join(project.directory, "link.html"));
    expect((await write("link.html")).exitCode).toBe(0);
    const first = await read("kept.html");
    expect(first).toContain("<!doctype html>");
    expect((await stat(target)).mode & 0o777).toBe(0o600);
    expect((await write("kept.html")).exitCode).toBe(0);
    expect(await read("link.html")).not.toBe(first);
  });

  it("is not put in the place of something else, but with --yes", async () => {
    await writeFile(join(project.directory, "mine.html"), "<!doctype html><title>mine</title>");
    const refused = await write("mine.html");
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toMatch(/mine\.html is there, and is no report\.\nhint: Nothing was changed\./);
    // Before the work, and not after it.
    expect(refused.stderr).not.toContain("catalog:");
    expect(await read("mine.html")).toContain("mine");
    expect((await write("mine.html", "--yes")).exitCode).toBe(0);
    expect(await read("mine.html")).toContain("tenantry report");
  });

  it("needs a folder, and a name that a file can have", async () => {
    await mkdir(join(project.directory, "folder"), { recursive: true });
    expect((await write("nowhere/x.html")).stderr).toContain("There is no folder");
    expect((await write("folder")).stderr).toContain("is no file that a report could replace");
    expect((await write("/dev/null", "--yes")).stderr).toContain("--html - writes the page to stdout");
    expect((await write("")).exitCode).toBe(2);
    expect((await report(["--probe", "everywhere"])).exitCode).toBe(2);
  });

  it("may be stdout, which then has nothing else", async () => {
    const { exitCode, stdout } = await write("-");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n+$/);
    expect(await write("-", "--json")).toMatchObject({ exitCode: 2 });
  });

  it("is not begun by a run that was stopped", async () => {
    const stopped = await report(
      ["--html", "stopped.html"],
      { SHADOW_DATABASE_URL: "" },
      AbortSignal.abort(),
    );
    expect(stopped.exitCode).toBe(2);
    expect(stopped.stderr).toContain("Interrupted");
    await expect(read("stopped.html")).rejects.toThrow("ENOENT");
    expect(await drafts()).toEqual([]);
  });

  it("is one of two that were written at once, whole", async () => {
    const ended = await Promise.all([write("both.html"), write("both.html")]);
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(await read("both.html")).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(await drafts()).toEqual([]);
  });
});
