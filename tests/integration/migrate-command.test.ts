import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { quoteIdentifier } from "../../src/core/identifiers.js";
import { readLedger } from "../../src/migrate/ledger/ledger.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

describe("tenantry migrate", () => {
  const NOTES = 'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);';

  it("prints with --dry-run what is pending, and changes nothing", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject({ tenancy: { roles } });
    await project.write(NOTES);
    await project.create("init");
    const variables = { DATABASE_URL: database.adminUrl.href };
    const [name = ""] = await project.entries();
    const preview = await project.run(["migrate", "--dry-run"], variables);
    expect(preview.exitCode).toBe(1);
    expect(preview.stdout).toBe(
      `-- ${name}\n${await readFile(join(project.out, name, "migration.sql"), "utf8")}`,
    );
    expect(
      await database.admin`select nspname from pg_namespace where nspname in ('drizzle', 'tenantry')`,
    ).toEqual([]);
    expect(await project.run(["migrate"], variables)).toMatchObject({
      exitCode: 0,
      stdout: "Applied 1 migration.\n",
    });
    expect(await project.run(["migrate"], variables)).toMatchObject({
      exitCode: 0,
      stdout: "Nothing is pending.\n",
    });
    expect(await project.run(["migrate", "--dry-run"], variables)).toMatchObject({
      exitCode: 0,
      stdout: "Nothing is pending.\n",
    });
  });

  it("uses the ledger that drizzle.config.ts names", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject({
      tenancy: { roles },
      config: { migrations: { schema: "book keeping", table: "Done" } },
    });
    await project.write(NOTES);
    await project.create("init");
    expect((await project.run(["migrate"], { DATABASE_URL: database.adminUrl.href })).exitCode).toBe(0);
    const entries = await project.entries();
    expect(
      (await readLedger(database.admin, { schema: "book keeping", table: "Done" })).map(({ name }) => name),
    ).toEqual(entries);
    expect(await database.admin`select to_regclass('drizzle.__drizzle_migrations') as none`).toEqual([
      { none: null },
    ]);
  });

  it("makes and migrates a database whose name has to be encoded in a URL", async () => {
    const name = `odd "name' %20 ${process.pid}`;
    const project = await makeProject({ tenancy: { roles } });
    await project.write(NOTES);
    await project.create("init");
    const variables = { DATABASE_URL: onDatabase(new URL(serverUrl), name).href };
    try {
      expect(await project.run(["migrate"], variables)).toMatchObject({ exitCode: 0 });
      expect((await project.run(["status"], variables)).stdout).toContain(`database    ${name}\n`);
    } finally {
      await withDatabase(new URL(serverUrl), {}, (server) =>
        server.unsafe(`drop database if exists ${quoteIdentifier(name)}`),
      );
    }
  });

  it("tells a login what right it lacks, and does not call that a bug", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject({ tenancy: { roles } });
    await project.write(NOTES);
    await project.create("init");
    await project.run(["init", "--env", "staging"], { DATABASE_URL: database.adminUrl.href });
    const role = `no_migrator_${process.pid}`;
    await database.admin.unsafe(`create role ${role} login password 'x'`);
    const url = new URL(database.adminUrl);
    [url.username, url.password] = [role, "x"];
    try {
      for (const command of ["migrate", "verify"]) {
        expect(await project.run([command, "--env", "staging"], { DATABASE_URL: url.href })).toMatchObject({
          exitCode: 2,
          stderr: expect.stringMatching(/(lacks a right|may not read).*\n(.*\n)*hint: /),
        });
      }
    } finally {
      await database.admin.unsafe(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it("writes with --log json nothing but objects, whatever it ends with", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject({ tenancy: { roles } });
    await project.write(NOTES);
    await project.create("init");
    await mkdir(join(project.out, "20990101000000_wrong"));
    await writeFile(join(project.out, "20990101000000_wrong", "migration.sql"), "select\n1/0");
    const variables = { DATABASE_URL: database.adminUrl.href };
    const run = async (...more: string[]) => {
      const { exitCode, stderr } = await project.run(["migrate", "--log", "json", ...more], variables);
      expect(exitCode).toBe(2);
      const lines = stderr.trimEnd().split("\n");
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    expect((await run()).at(-1)).toMatchObject({
      event: "run-failed",
      code: "migration-failed",
      details: expect.stringContaining("wrong/migration.sql:1:"),
      hint: expect.stringContaining("tenantry migrate"),
    });
    expect(await run("--to", "nothing")).toMatchObject([{ event: "run-failed" }]);
    expect(await run("--wait", "soon")).toMatchObject([{ event: "run-failed", code: "argument-invalid" }]);
  });

  it("refuses a missing and an empty migrations folder", async () => {
    const project = await makeProject({ tenancy: { roles } });
    await project.write(NOTES);
    const { adminUrl } = await createEmptyDatabase();
    const missing = await project.run(["migrate"], { DATABASE_URL: adminUrl.href });
    expect(missing).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`There is no migrations folder at ${project.out}`),
    });
    await mkdir(project.out);
    const empty = await project.run(["migrate"], { DATABASE_URL: adminUrl.href });
    expect(empty).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/is empty\.\nhint: Run "tenantry create/),
    });
  });
});
