import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readLedger } from "../../src/migrate/ledger/ledger.js";
import { createEmptyDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";

describe("tenantry migrate", () => {
  const NOTES = 'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);';

  it("prints with --dry-run what is pending, and changes nothing", async () => {
    const database = await createEmptyDatabase();
    const project = await makeProject();
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
    const project = await makeProject({ config: { migrations: { schema: "book keeping", table: "Done" } } });
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

  it("refuses a missing and an empty migrations folder", async () => {
    const project = await makeProject();
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
