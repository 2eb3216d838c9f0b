import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createBackupWriter } from "../../src/data/backup-file/backup-writer.js";
import { withByteSink } from "../../src/data/backup-file/byte-sink.js";
import { readManifest, readRows } from "../../src/data/backup-file/read-frames.js";
import type { EmptyDatabase } from "../../src/testing/index.js";
import { CIRCLE_SCHEMA, fillCircle } from "../support/circle-schema.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

const ROLES = { tenant: "carry_tenant", door: "carry_door", admin: "carry_admin" };
const ID = "Ünïcode O'Hara \\ ; drop";

describe("tenantry backup and restore of one creator", () => {
  let project: FixtureProject;
  let here: EmptyDatabase;
  let there: EmptyDatabase;
  let file: string;
  const run = (args: readonly string[], { adminUrl } = here) =>
    project.run([...args, "--env", "development"], { DATABASE_URL: adminUrl.href });
  const restore = (args: readonly string[], database = here) =>
    run(["restore", file, "--creator", ID, ...args], database);
  const rows = async ({ admin }: EmptyDatabase, id: string) => [
    ...(await admin`
      select to_jsonb(o) as row from "Orgs" o where id = ${id} union all
      select to_jsonb(n) from "Nodes" n where "orgId" = ${id} union all
      select to_jsonb(e) from edges e where "orgId" = ${id}`),
  ];

  beforeAll(async () => {
    project = await makeProject({ tenancy: { column: "orgId", columnType: "text", roles: ROLES } });
    await project.write(CIRCLE_SCHEMA);
    [here, there] = await Promise.all([createEmptyDatabase(), createEmptyDatabase()]);
    await project.create("init");
    for (const database of [here, there]) await project.migrate(database.adminUrl);
    for (const name of [ID, "other"]) await fillCircle(here, name);
    await fillCircle(there, "other");
  });

  it("writes the creator's rows, and nobody else's, into a file of its own", async () => {
    const { exitCode, stdout } = await run(["backup", "--creator", ID, "--json"]);
    expect(exitCode).toBe(0);
    const { data } = JSON.parse(stdout);
    expect(data).toMatchObject({ found: true, tenant: { id: ID, type: "text" }, encrypted: false });
    const counts = data.tables.map((table: { name: string; rows: number }) => [table.name, table.rows]);
    expect(Object.fromEntries(counts)).toEqual({ Orgs: 1, Nodes: 1, edges: 1, Log: 3 });
    file = data.file;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const gone = await run(["backup", "--creator", "nobody"]);
    expect(gone).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/There is no creator nobody/) });
  });

  it("wants --yes to replace rows that are there, and takes a backup of them first", async () => {
    const [before, others] = [await rows(here, ID), await rows(here, "other")];
    await here.admin`update "Orgs" set "Full Name" = 'changed', "Lead" = null where id = ${ID}`;
    const unsure = await restore([]);
    expect(unsure.exitCode).toBe(2);
    expect(unsure.stderr).toMatch(/There are rows of the creator/);
    expect((await restore(["--dry-run"])).stdout).toMatch(/Orgs +1 +1/);
    const { exitCode, stdout, stderr } = await restore(["--yes"]);
    expect(stderr).not.toContain("error");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/What was there is in .+creator-/);
    expect(await rows(here, ID)).toEqual(before);
    expect(await rows(here, "other")).toEqual(others);
    const [record] = await here.admin`select after from "Log" where "orgId" = ${ID} and action = 'admin'`;
    expect(record?.after).toMatchObject({ restored: { "public.Orgs": 1 } });
    expect(await readdir(join(project.directory, ".tenantry", "backups"))).toHaveLength(2);
  });

  it("brings back one who was erased, and moves one to another database", async () => {
    const before = await rows(here, ID);
    expect((await run(["erase", "--creator", ID, "--yes"])).exitCode).toBe(0);
    expect(await rows(here, ID)).toEqual([]);
    expect((await run(["backup", "--creator", ID])).exitCode).toBe(1);
    expect((await restore([])).exitCode).toBe(0);
    expect(await rows(here, ID)).toEqual(before);
    const others = await rows(there, "other");
    expect((await restore([], there)).exitCode).toBe(0);
    expect(await rows(there, ID)).toEqual(before);
    expect(await rows(there, "other")).toEqual(others);
    const told =
      await there.admin`select from "Log" where "orgId" = ${ID} and action = 'insert' and actor is null`;
    expect(told).toHaveLength(2);
  });

  it("refuses another creator's file, and either kind of backup for the other", async () => {
    const other = await run(["restore", file, "--creator", "other", "--yes"]);
    expect(other.stderr).toMatch(/is of the creator Ünïcode/);
    expect((await run(["restore", file])).stderr).toMatch(/holds the rows of one creator/);
    const { stdout } = await run(["backup", "--json", "--no-verify"]);
    const whole = JSON.parse(stdout).data.file;
    const refused = await run(["restore", whole, "--creator", ID, "--yes"]);
    expect(refused.stderr).toMatch(/is a backup of a whole database/);
  });

  it("lets no row of another creator in, whatever a file says", async () => {
    const manifest = await readManifest({ path: file });
    const forged = join(project.directory, "forged.tenantry");
    await withByteSink(forged, undefined, async (sink) => {
      const writer = createBackupWriter(sink);
      for await (const { table, rows: bytes } of readRows({ path: file })) await writer.write(table, bytes);
      await writer.finish({ ...manifest, tenant: { id: "victim", type: "text" } });
    });
    const { exitCode, stderr } = await run(["restore", forged, "--creator", "victim", "--yes"]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/that are not this creator's/);
    expect(await rows(here, "victim")).toEqual([]);
  });

  it("is rolled back where a trigger changes what is restored, or another's rows", async () => {
    const [before, others] = [await rows(here, ID), await rows(here, "other")];
    for (const [body, message] of [
      [`new."Full Name" := 'x'; return new`, /"Orgs": other values/],
      [`update "Nodes" set id = id where "orgId" = 'other'; return new`, /rows of other creators changed/],
      [
        `begin update "Nodes" set id = id where "orgId" = 'other'; exception when others then null; end; return new`,
        /rows of other creators changed/,
      ],
    ] as const) {
      await here.admin
        .unsafe(`create or replace function meddle() returns trigger language plpgsql security definer set search_path = public
          as $$ begin ${body}; end $$; create or replace trigger meddle before insert on "Orgs" for each row execute function meddle()`)
        .simple();
      const { exitCode, stderr } = await restore(["--yes"]);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(message);
    }
    await here.admin`drop function meddle cascade`;
    expect(await rows(here, ID)).toEqual(before);
    expect(await rows(here, "other")).toEqual(others);
  });

  it("says what to do where the database is at another migration", async () => {
    await there.admin`delete from drizzle.__drizzle_migrations`;
    const { exitCode, stderr } = await restore(["--yes"], there);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/not applied here: .+_init[\s\S]+Run tenantry migrate here, then restore/);
  });
});
