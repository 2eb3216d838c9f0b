import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import stringWidth from "fast-string-width";
import { describe, expect, it } from "vitest";
import { TenantryError } from "../../src/core/errors.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER, ensureLedger, recordMigration } from "../../src/migrate/ledger/ledger.js";
import { ensureEngineTables } from "../../src/migrate/run/engine-tables.js";
import { finishRun, recordRunMigration, startRun } from "../../src/migrate/run/run-log.js";
import { createEmptyDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

const LEDGER = "drizzle.__drizzle_migrations";
const [FIRST, SECOND] = ["20260101000000_first", "20260102000000_second"];

/** A database in whose log two runs are: one that applied `SECOND`, and one that failed. `FIRST` was somebody else's. */
async function prepare() {
  const database = await createEmptyDatabase();
  const { admin } = database;
  const project = await makeProject({ tenancy: { roles } });
  await project.write(
    'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);',
  );
  for (const name of [FIRST, SECOND]) {
    await mkdir(join(project.out, name), { recursive: true });
    await writeFile(join(project.out, name, "migration.sql"), `select '${name}'`);
  }
  const folder = await readFolder(project.out);
  await ensureLedger(admin, DEFAULT_LEDGER);
  for (const migration of folder) await recordMigration(admin, DEFAULT_LEDGER, migration);
  await admin.unsafe(
    `update drizzle.__drizzle_migrations set applied_at = '2026-01-01 10:00:00+00' where name = '${FIRST}'`,
  );
  await ensureEngineTables(admin);
  const origin = {
    command: "migrate",
    environment: "production",
    version: "9.9.9",
    gitRevision: "0123456789abcdef0123",
  };
  const applied = await startRun(admin, LEDGER, origin);
  await admin.unsafe(
    recordRunMigration(applied, {
      position: 1,
      migration: SECOND,
      hash: folder[1]?.hash ?? "",
      mode: "steps",
      outcome: "applied",
      milliseconds: 1234,
      lockWait: 250,
      attempts: 2,
      statements: [
        { line: 1, milliseconds: 1200 },
        { line: 7, milliseconds: 3.4 },
      ],
    }),
  );
  await finishRun(admin, applied, { outcome: "applied", lockWait: 250, retries: 1 });
  const failed = await startRun(admin, LEDGER, { command: "migrate", version: "9.9.9" });
  await finishRun(admin, failed, {
    outcome: "failed",
    lockWait: 0,
    retries: 0,
    error: new TenantryError({ code: "migration-failed", message: "Migration x failed: no (42P01)." }),
  });
  return { database, project, variables: { DATABASE_URL: database.adminUrl.href }, applied, failed };
}

describe("tenantry history", () => {
  it("shows the newest run first, who ran it and how it ended, and what others have applied", async () => {
    const { project, variables, applied, failed } = await prepare();
    const { exitCode, stdout } = await project.run(["history"], variables);
    expect(exitCode).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^RUN +WHEN +COMMAND +ENVIRONMENT +APPLIED +TOOK +OUTCOME$/);
    expect(lines[1]).toMatch(new RegExp(`^${failed} .*migrate +- +0 .* failed$`));
    expect(lines[3]).toBe("     Migration x failed: no (42P01).");
    expect(lines[4]).toMatch(
      new RegExp(
        `^${applied} +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d[+-]\\d\\d:\\d\\d +migrate +production +1 .* applied$`,
      ),
    );
    expect(stdout).toMatch(/ {5}by \w+ on .*tenantry\s+9\.9\.9,\s+git\s+0123456789ab\b/);
    expect(stdout).toMatch(/Applied by another tool, or before there was a log.*20260101000000_first\n/s);
    expect(stdout).not.toContain(SECOND);
    expect(lines.filter((line) => stringWidth(line) > 80)).toEqual([]);
  });

  it("gives programs the same as one object, and no more runs than asked for", async () => {
    const { project, variables, failed } = await prepare();
    const { exitCode, stdout } = await project.run(["history", "--json", "--limit", "1"], variables);
    expect(exitCode).toBe(0);
    const { data } = JSON.parse(stdout);
    expect(data).toMatchObject({
      hasLog: true,
      older: 1,
      runs: [{ id: failed, outcome: "failed", errorCode: "migration-failed", applied: 0, environment: null }],
      others: [{ name: FIRST, appliedAt: "2026-01-01T10:00:00.000Z" }],
    });
    expect((await project.run(["history", "--limit", "1"], variables)).stdout).toContain(
      "1 older run: tenantry history --limit 2",
    );
  });

  it("reads times where the server is told to write dates in another style", async () => {
    const { database, project } = await prepare();
    const run = () => project.run(["history", "--json"], { DATABASE_URL: database.adminUrl.href });
    const before = await run();
    await database.admin.unsafe(`alter database "${database.name}" set datestyle = 'SQL, DMY'`);
    await database.admin.unsafe(`alter database "${database.name}" set timezone = 'Asia/Kolkata'`);
    expect(await run()).toEqual(before);
  });

  it("shows of one run each migration and statement", async () => {
    const { project, variables, applied } = await prepare();
    const { exitCode, stdout } = await project.run(["history", "--run", applied], variables);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`run          ${applied}: migrate, applied\n`);
    expect(stdout).toContain("locks        waited 250 ms, retried 1 time\n");
    expect(stdout).toContain(
      `${SECOND}\n  applied in 1.2 s, step by step, 2 attempts, waited 250 ms for locks\n  line    1  1.2 s\n  line    7  3.4 ms\n`,
    );
    const json = JSON.parse((await project.run(["history", "--run", applied, "--json"], variables)).stdout);
    expect(json.data.migrations).toMatchObject([
      { name: SECOND, attempts: 2, statements: [{ line: 1 }, { line: 7 }] },
    ]);
  });

  it("refuses a run that is not there, and what is no number", async () => {
    const { project, variables } = await prepare();
    expect(await project.run(["history", "--run", "77"], variables)).toMatchObject({
      exitCode: 2,
      stderr: 'error: The run log has no run 77.\nhint: Run "tenantry history" for the runs that it has.\n',
    });
    for (const wrong of [
      ["--run", "1; drop"],
      ["--limit", "0"],
      ["--limit", "x"],
    ])
      expect((await project.run(["history", ...wrong], variables)).exitCode).toBe(2);
  });

  it("says in a sentence that there is no log, or nothing in it", async () => {
    const { project, variables, database } = await prepare();
    await database.admin.unsafe("truncate tenantry.runs cascade");
    const empty = await project.run(["history"], variables);
    expect(empty.exitCode).toBe(0);
    expect(empty.stdout).toMatch(/^The run log is empty\.\n\nApplied by another tool/);
    await database.admin.unsafe("drop schema tenantry cascade; drop schema drizzle cascade").simple();
    expect(await project.run(["history"], variables)).toMatchObject({
      exitCode: 0,
      stdout: "There is no run log yet: the first tenantry migrate begins it.\n",
    });
  });

  it("refuses a role that may not read the log, and says whose command it is", async () => {
    const { project, database } = await prepare();
    const role = `history_reader_${process.pid}`;
    await database.admin
      .unsafe(`create role ${role} login password 'x'; grant usage on schema drizzle to ${role};
      grant select on drizzle.__drizzle_migrations to ${role}`)
      .simple();
    const url = new URL(database.adminUrl);
    [url.username, url.password] = [role, "x"];
    try {
      expect(await project.run(["history"], { DATABASE_URL: url.href })).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(`${role} may not read the run log in the schema tenantry.`),
      });
    } finally {
      await database.admin.unsafe(`drop owned by ${role}; drop role ${role}`).simple();
    }
  });
});
