import { execFileSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readDataProject } from "../../src/cli/backup/backup-settings.js";
import { loadProject } from "../../src/cli/project/project.js";
import { silentLogger } from "../../src/core/logger.js";
import { createTenantBackup } from "../../src/data/tenant-backup/create-tenant-backup.js";
import type { TakenBackup } from "../../src/data/tenant-backup/restore-tenant-backup.js";
import { restoreTenantBackup } from "../../src/data/tenant-backup/restore-tenant-backup.js";
import type { EmptyDatabase } from "../../src/testing/index.js";
import { CIRCLE_SCHEMA, fillCircle } from "../support/circle-schema.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const ROLES = { tenant: "fault_tenant", door: "fault_door", admin: "fault_admin" };
const ID = "ann";

describe("a creator's rows, which are backed up and restored while something goes wrong", () => {
  let project: FixtureProject;
  let database: EmptyDatabase;
  let file: string;
  let common: Parameters<typeof createTenantBackup>[0];
  const restore = (backUp?: () => Promise<TakenBackup | undefined>) =>
    restoreTenantBackup({ ...common, file, backUp, record: undefined, actor: "test", dryRun: false });
  const names = async () => [
    ...(await database.admin`select "Full Name" as name from "Orgs" where id = ${ID}`),
  ];

  beforeAll(async () => {
    project = await makeProject({ tenancy: { column: "orgId", columnType: "text", roles: ROLES } });
    await project.write(CIRCLE_SCHEMA);
    database = await createEmptyDatabase();
    await project.create("init");
    await project.migrate(database.adminUrl);
    await fillCircle(database, ID);
    const loaded = await loadProject(project.configArguments()[1] ?? "");
    const { expected } = await loaded.loadSchema();
    common = {
      ...{ url: database.adminUrl, expected, project: await readDataProject(loaded), tenant: ID },
      ...{ directory: join(project.directory, "backups"), version: "0.0.0-test" },
      ...{ logger: silentLogger, signal: undefined },
    };
    file = (await createTenantBackup(common))?.file ?? "";
  });

  it.each([
    ["changed", `update "Orgs" set "Full Name" = 'newer' where id = '${ID}'`, /"Orgs": other values/],
    [
      "added",
      `insert into edges ("orgId", id, "Node") select "orgId", gen_random_uuid(), id from "Nodes"`,
      /edges": 2 rows, not 1/,
    ],
  ])("keeps a row that is %s between the backup and the restore", async (_, statement, detail) => {
    const failure = restore(async () => {
      const taken = await createTenantBackup(common);
      await database.admin.unsafe(statement);
      return taken;
    });
    await expect(failure).rejects.toMatchObject({
      code: "restore-failed",
      message: expect.stringMatching(/were written since/),
      details: [expect.stringMatching(detail)],
      hint: expect.stringMatching(/Suspend the creator/),
    });
    expect(await database.admin`select from edges`).toHaveLength(statement.includes("edges") ? 2 : 1);
    expect(await names()).toEqual([{ name: "newer" }]);
  });

  it("keeps rows of which no backup was taken", async () => {
    await expect(restore(async () => undefined)).rejects.toMatchObject({ code: "restore-failed" });
    expect(await names()).toEqual([{ name: "newer" }]);
  });

  it("replaces what is in the backup, and says how many rows that were", async () => {
    const report = await restore(() => createTenantBackup(common));
    expect(report.tables).toContainEqual({ table: "edges", rows: 1, replaced: 2 });
    expect(await names()).toEqual([{ name: `${ID} GmbH` }]);
  });

  it.runIf(process.getuid?.() === 0)("ends when the disk is full in the middle of a table", async () => {
    await database.admin`
      insert into "Log" ("orgId", action, table_name, note)
      select ${ID}, 'insert', 'Orgs', (select string_agg(md5(concat(random(), n, m)), '') from generate_series(1, 30) m)
      from generate_series(1, 30000) n`;
    const directory = join(project.directory, "small");
    await mkdir(directory);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", directory]);
    onTestFinished(() => void execFileSync("umount", [directory]));
    await expect(createTenantBackup({ ...common, directory })).rejects.toMatchObject({ code: "disk" });
    expect(await readdir(directory)).toEqual([]);
  });
});
