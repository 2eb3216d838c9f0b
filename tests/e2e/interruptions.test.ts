import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";
import { type Ended, mustRun, runCommand, startCommand } from "./support/run-command.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";
import {
  createSmallProjects,
  expectJsonRefusal,
  expectRefusal,
  SMALL_SCHEMA,
  type SmallProject,
} from "./support/tenantry.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const folder = await makeTemporaryFolder();
const database = await createEmptyDatabase();
const working = { DATABASE_URL: database.adminUrl.href, SHADOW_DATABASE_URL: serverUrl };

let makeProject: (name: string) => Promise<SmallProject>;
/** For what changes no file. */
let project: SmallProject;

beforeAll(async () => {
  makeProject = await createSmallProjects(folder, serverUrl);
  project = await makeProject("project");
  await mustRun(project.tenantry(["migrate"], working));
});

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return runCommand(project.tenantry(args, env));
}

describe("Ctrl-C", () => {
  const slow = "20300101000000_slow/migration.sql";
  const sleeping = () => database.admin`
    select pid from pg_stat_activity where datname = ${database.name} and query like 'select pg_sleep%' and state = 'active'`;

  it.each(["SIGINT", "SIGTERM"] as const)(
    "by %s in the middle of a migration rolls it back and lets go of the lock",
    async (signal) => {
      const interrupted = await makeProject(`interrupted by ${signal}`);
      const table = `slow_${signal.toLowerCase()}`;
      const sql = (seconds: number) =>
        `create table ${table} (id int);\n--> statement-breakpoint\nselect pg_sleep(${seconds});\n`;
      await interrupted.write(join("drizzle", slow), sql(3600));
      const { child, ended } = startCommand(interrupted.tenantry(["migrate"], working));
      await vi.waitFor(async () => expect(await sleeping()).toHaveLength(1), {
        timeout: 60_000,
        interval: 50,
      });
      child.kill(signal);
      expectRefusal(await ended, "Interrupted", "rolled back", "tenantry status");

      await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 60_000, interval: 50 });
      expect(await database.admin`select to_regclass(${table})`).toEqual([{ to_regclass: null }]);
      const ledger = await database.admin`select name from drizzle.__drizzle_migrations where name ~ 'slow'`;
      expect(ledger).toEqual([]);

      await interrupted.write(join("drizzle", slow), sql(0));
      expect(await runCommand(interrupted.tenantry(["migrate", "--lock-wait", "0"], working))).toMatchObject({
        status: 0,
        stdout: expect.stringContaining("Applied 1 migration."),
      });
      await database.admin.unsafe(
        `drop table ${table}; delete from drizzle.__drizzle_migrations where name ~ 'slow'`,
      );
    },
  );

  it("is told in the one object that --json promises", async () => {
    const interrupted = await makeProject("interrupted with --json");
    await interrupted.write(join("drizzle", slow), "select pg_sleep(3600);");
    const { child, ended } = startCommand(interrupted.tenantry(["migrate", "--json"], working));
    await vi.waitFor(async () => expect(await sleeping()).toHaveLength(1), { timeout: 60_000, interval: 50 });
    child.kill("SIGINT");
    expectJsonRefusal(await ended, "interrupted");
  });

  it.each(["comparing the schema with the migrations", "rehearsing on the shadow"])(
    "while create is %s leaves nothing: no migration, no shadow, no temporary file",
    async (step) => {
      const interrupted = await makeProject(`interrupted ${step}`);
      const temporary = join(interrupted.directory, "tmp");
      await mkdir(temporary);
      const more = 'export const more = pgTable("more", { ...tenantKey() }, (t) => [withTenantRls(t)]);\n';
      await interrupted.write("schema.ts", `${SMALL_SCHEMA}${more}`);
      const before = await interrupted.migrations();
      const env = { ...working, TMPDIR: temporary, JITI_FS_CACHE: "false" };
      const { child, ended } = startCommand(interrupted.tenantry(["create", "more"], env));
      await new Promise<void>((resolve, reject) => {
        let said = "";
        child.stderr?.on("data", (text: string) => {
          said += text;
          if (said.includes(step)) resolve();
        });
        child.once("close", () => reject(new Error(`it ended before it was ${step}: ${said}`)));
      });
      child.kill("SIGINT");
      expectRefusal(await ended, "Interrupted");
      expect(await interrupted.migrations()).toEqual(before);
      expect((await readdir(temporary)).filter((name) => name.startsWith("tenantry"))).toEqual([]);
      const shadows = await database.admin`
      select datname from pg_database where datname like ${`tenantry\\_shadow\\_${child.pid}\\_%`}`;
      expect(shadows).toEqual([]);
    },
  );
});

/** Those of the commands; ours does not count. */
async function connections(): Promise<number> {
  const [row] = await database.admin<{ count: number }[]>`
    select count(*)::int from pg_stat_activity where datname = ${database.name} and pid <> pg_backend_pid()`;
  return row?.count ?? -1;
}

describe("what a command writes", () => {
  /** Runs a shell line in which "$@" is the command. */
  const inShell = (line: string, args: readonly string[], env: Record<string, string> = {}) => {
    const command = project.tenantry(args, { ...working, ...env });
    return runCommand({
      ...command,
      program: "bash",
      args: ["-c", line, "bash", command.program, ...command.args],
    });
  };

  it("may be cut off by the reader of its output, without a complaint", async () => {
    const { stdout, stderr } = await inShell('"$@" 2>/dev/null | head -1; echo "ended with $PIPESTATUS"', [
      "status",
    ]);
    expect(stdout).toMatch(/^server .*\nended with 0\n$/);
    expect(stderr).toBe("");
  });

  it("may be cut off by the reader of its progress, without an end to its work", async () => {
    const target = await createEmptyDatabase();
    const { stdout } = await inShell(
      '"$@" 2>&1 >/dev/null | true; echo "ended with $PIPESTATUS"',
      ["migrate"],
      {
        DATABASE_URL: target.adminUrl.href,
      },
    );
    expect(stdout).toBe("ended with 0\n");
    expect(await target.admin`select count(*)::int as applied from drizzle.__drizzle_migrations`).toEqual([
      { applied: 1 },
    ]);
  });

  it("is not lost in silence on a full disk", async () => {
    const { status, stderr } = await inShell('"$@" > /dev/full', ["status"]);
    expect(status).toBe(2);
    expect(stderr).toContain("could not be written");
  });

  it("has no colours and fits a terminal", async () => {
    for (const env of [{ NO_COLOR: "1" }, { FORCE_COLOR: "3", TERM: "xterm-256color" }]) {
      const { status, stdout, stderr } = await run(["status"], { ...working, ...env });
      expect(status).toBe(0);
      expect(`${stdout}${stderr}`).not.toContain("\u001b");
      expect(stdout.split("\n").filter((line) => [...line].length > 80)).toEqual([]);
    }
  });

  it("is one object with --json, and progress stays on stderr", async () => {
    const target = await createEmptyDatabase();
    const env = { ...working, DATABASE_URL: target.adminUrl.href };
    const { status, stdout, stderr } = await run(["migrate", "--json"], env);
    expect(status).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      command: "migrate",
      data: { applied: [{ name: expect.stringMatching(/_init$/) }] },
      findings: [],
    });
    expect(stderr).toMatch(/^applied \d+_init in \d+ ms$/m);
  });

  it("is nothing but the result with --quiet", async () => {
    const target = await createEmptyDatabase();
    const env = { ...working, DATABASE_URL: target.adminUrl.href };
    const { status, stdout, stderr } = await run(["migrate", "--quiet", "--json"], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    const refused = await run(["status", "--quiet", "--config", "other.ts"]);
    expectRefusal(refused, "other.ts");
  });
});
