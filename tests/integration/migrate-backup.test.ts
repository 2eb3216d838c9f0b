import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { EmptyDatabase } from "../../src/testing/index.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const ROLES = { tenant: "guard_tenant", door: "guard_door", admin: "guard_admin" };
const SCHEMA = `
export const creators = pgTable("creators", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);
export const notes = pgTable("notes", { ...tenantKey(), body: text("body"), spare: text("spare"), size: integer("size") },
  (t) => [withTenantRls(t)]);`;

let project: FixtureProject;
let database: EmptyDatabase;
let number = 0;

/** Adds a migration, and gives its name. */
async function add(sql: string): Promise<string> {
  number += 1;
  const name = `2999010100000${number}_step`;
  await mkdir(join(project.out, name));
  await writeFile(join(project.out, name, "migration.sql"), sql);
  return name;
}

const run = (args: readonly string[], variables: NodeJS.ProcessEnv = {}, signal?: AbortSignal) =>
  project.run(args, { DATABASE_URL: database.adminUrl.href, ...variables }, signal);

const lastRun = async () =>
  (await database.admin`select outcome, backup_ref from tenantry.runs order by id desc limit 1`)[0];

beforeAll(async () => {
  const backupHook = `echo "to $WHERE"; echo "$TENANTRY_MIGRATIONS of \${DATABASE_URL##*/}" > hook.txt; echo snap-1; exit $STATUS`;
  project = await makeProject({ tenancy: { roles: ROLES, backupHook } });
  await project.write(SCHEMA);
  database = await createEmptyDatabase();
  await project.create("init");
  await project.migrate(database.adminUrl);
});

describe("migrate, before data is dropped", () => {
  it("takes no backup of empty tables, nor of what is not there yet", async () => {
    await add(
      "alter table notes add column late text;\nalter table notes drop column late;\ndelete from notes;",
    );
    const { exitCode, stderr } = await run(["migrate"]);
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain("backed up");
    expect(await lastRun()).toEqual({ outcome: "applied", backup_ref: null });
    await database.admin
      .unsafe(`insert into creators select gen_random_uuid() from generate_series(1, 2);
      insert into notes (creator_id, body) select id, 'a note' from creators`)
      .simple();
  });

  it("takes none for a column without a value, or text that becomes longer text", async () => {
    await add("alter table notes drop column spare;\nalter table notes alter column body type varchar;");
    expect((await run(["migrate"])).stderr).not.toContain("backed up");
    expect(await lastRun()).toEqual({ outcome: "applied", backup_ref: null });
  });

  it("takes one in development, and the run log names it", async () => {
    const name = await add("update notes set size = 1;\n");
    const preview = await run(["migrate", "--dry-run"]);
    expect(preview.stderr).toContain(`${name}, line 1: changes rows of notes: a backup is taken first`);
    const { exitCode, stderr } = await run(["migrate"]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/backed up into .+\.tenantry\/backups\/.+\.tenantry/);
    const { backup_ref } = (await lastRun()) ?? {};
    const file = await stat(join(project.directory, String(backup_ref)));
    expect(file.mode & 0o777).toBe(0o600);
    expect((await run(["history"])).stdout.replaceAll(/\s+/g, "")).toContain(`backup:${backup_ref}`);
  });

  it("encrypts it with the passphrase of the environment", async () => {
    await add("update notes set size = 4;\n");
    const { exitCode } = await run(["migrate"], { TENANTRY_BACKUP_PASSPHRASE: "a long passphrase" });
    expect(exitCode).toBe(0);
    const { backup_ref } = (await lastRun()) ?? {};
    expect(backup_ref).toMatch(/\.tenantry\.age$/);
    const text = await readFile(join(project.directory, String(backup_ref)), "latin1");
    expect(text.startsWith("age-encryption.org/v1\n")).toBe(true);
  });

  it("takes none with --no-backup", async () => {
    await add("update notes set size = 2;\n");
    const { exitCode, stderr } = await run(["migrate", "--no-backup"]);
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain("backed up");
  });

  it("elsewhere takes what is named for it, and refuses a password in it", async () => {
    await add("alter table notes alter column size type bigint;\n");
    const secret = await run(["migrate", "--env", "staging", "--backup-ref", "s3://me:secret@host/x"]);
    expect(secret.exitCode).toBe(2);
    expect(secret.stderr).not.toContain("secret@");
    const { exitCode } = await run(["migrate", "--env", "staging", "--backup-ref", "snapshot 4711"]);
    expect(exitCode).toBe(0);
    expect(await lastRun()).toEqual({ outcome: "applied", backup_ref: "snapshot 4711" });
    expect((await run(["history", "--limit", "1", "--json"])).stdout).toContain(
      '"backupRef":"snapshot 4711"',
    );
  });

  it("has the hook take it elsewhere, with the URL in its environment and its output shown", async () => {
    const name = await add("delete from notes where size = 0;\n");
    const failed = await run(["migrate", "--env", "production"], { STATUS: "3", WHERE: "vault" });
    expect(failed.exitCode).toBe(2);
    expect(failed.stderr).toMatch(/to vault\nsnap-1\n[\s\S]*backupHook of defineTenancy\(\) ended with 3/);
    expect((await run(["status"])).stdout).toContain("1 pending");
    const { exitCode } = await run(["migrate", "--env", "production"], { STATUS: "0" });
    expect(exitCode).toBe(0);
    const told = await readFile(join(project.directory, "hook.txt"), "utf8");
    expect(told).toBe(`${name} of ${database.name}\n`);
    expect(await lastRun()).toEqual({ outcome: "applied", backup_ref: "by the backupHook: snap-1" });
  });

  it("writes the reference into a run log that an earlier version has made", async () => {
    await database.admin`alter table tenantry.runs drop column backup_ref`;
    expect((await run(["history"])).exitCode).toBe(0);
    expect((await run(["migrate"])).exitCode).toBe(0);
    await add("delete from notes where size = 0;\n");
    expect((await run(["migrate", "--env", "production", "--backup-ref", "b"])).exitCode).toBe(0);
    expect(await lastRun()).toEqual({ outcome: "applied", backup_ref: "b" });
  });
});

describe("migrate, where no hook is configured", () => {
  it("names each statement that wants a backup, and applies nothing", async () => {
    const { protectData } = await import("../../src/cli/migrate/protect-data.js");
    const { loadProject } = await import("../../src/cli/project/project.js");
    const { readFolder } = await import("../../src/migrate/folder/read-folder.js");
    const [, config = ""] = project.configArguments();
    const loaded = await loadProject(config);
    const { expected } = await loaded.loadSchema();
    const name = await add("-- one\ndrop table notes;\n");
    const context = { environment: "production", logger: { info: () => {}, warn: () => {} } } as never;
    const target = { url: database.adminUrl, embedded: false, connect: {} };
    const bare = { ...loaded, settings: { ...loaded.settings, backupHook: undefined } };
    const request = { expected, folder: await readFolder(project.out), pending: new Set([name]) };
    await expect(protectData(context, bare, target, request)).rejects.toMatchObject({
      code: "backup-required",
      details: [`${name}, line 2: drops the table notes`],
    });
  });
});

describe("a backup hook", () => {
  it("is ended, with what it has started, when the command is interrupted", async () => {
    const { runBackupHook } = await import("../../src/cli/migrate/run-backup-hook.js");
    const controller = new AbortController();
    const stderr = {
      write: (text: unknown) => {
        if (String(text).includes("begun")) controller.abort();
        return true;
      },
    };
    const context = {
      directory: project.directory,
      variables: process.env,
      stderr,
      signal: controller.signal,
    };
    const told = { DATABASE_URL: "x", TENANTRY_ENV: "staging", TENANTRY_MIGRATIONS: "" };
    await expect(runBackupHook(context as never, "echo begun; sleep 100 & wait", told)).rejects.toMatchObject(
      { code: "interrupted" },
    );
  });
});
