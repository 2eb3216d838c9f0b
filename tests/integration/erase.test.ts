import { beforeAll, describe, expect, it } from "vitest";
import * as schema from "../../schema/index.js";
import { adminRecordSql } from "../../src/client/admin/admin-record.js";
import { onDatabase } from "../../src/core/database-url.js";
import { silentLogger } from "../../src/core/logger.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import type { EraseRequest } from "../../src/data/erase/erase.js";
import { erase } from "../../src/data/erase/erase.js";
import { readExpected } from "../../src/isolation/expected.js";
import type { Database } from "../../src/postgres/connect.js";
import { openDatabase } from "../../src/postgres/connect.js";
import type { TestDatabase } from "../../src/testing/index.js";
import type { CreatorWithRows } from "../support/creator-with-rows.js";
import { makeCreatorWithRows } from "../support/creator-with-rows.js";
import { createTestDatabase } from "../support/databases.js";
import { TENANT_TABLES } from "../support/tenant-tables.js";
import { refusal } from "./client-fixture.js";

const expected = readExpected(parseTenancySettings({}), schema);

function request(database: Database, tenant: string, more: Partial<EraseRequest> = {}): EraseRequest {
  return {
    ...{ database, expected, tenant, actor: "the test", dryRun: false, logger: silentLogger },
    signal: new AbortController().signal,
    record: (details) =>
      adminRecordSql(Object.values(schema), "uuid", {
        ...{ tenant, actor: "the test", reason: "request 4711", requestId: undefined, details },
      }),
    ...more,
  };
}

/** Rows of a creator, by table. */
async function countRows(database: Database, id: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name, tenant } of TENANT_TABLES) {
    const [row] = await database<{ n: number }[]>`
      select count(*)::int as n from ${database(name)} where ${database(tenant)} = ${id}`;
    counts[name] = row?.n ?? -1;
  }
  return counts;
}

/** Every row of a creator, to be compared to the letter. */
async function readRows(database: Database, id: string): Promise<unknown[]> {
  const all = [];
  for (const { name, tenant } of TENANT_TABLES)
    all.push(
      ...(await database`select ${name} as table, to_jsonb(t) as row from ${database(name)} t
                         where ${database(tenant)} = ${id} order by to_jsonb(t)::text`),
    );
  return all;
}

const HIDDEN = (database: Database, text: string) =>
  database`select from audit_logs where to_jsonb(audit_logs)::text like ${`%${text}%`}`;

describe("erase", () => {
  let database: TestDatabase;
  let ann: CreatorWithRows;
  let bob: CreatorWithRows;
  beforeAll(async () => {
    database = await createTestDatabase();
    ann = await makeCreatorWithRows(database.service, "Ann's secret");
    bob = await makeCreatorWithRows(database.service, "Bob's secret");
  });

  it("counts in a dry run, and changes nothing", async () => {
    const before = await readRows(database.admin, ann.id);
    const receipt = await erase(request(database.admin, ann.id, { dryRun: true }));
    expect(receipt?.tables).toEqual(
      expect.arrayContaining([
        { table: "creators", rows: 1 },
        { table: "conversations", rows: 1 },
      ]),
    );
    expect(receipt?.auditLog).toMatchObject({ table: "audit_logs", treatment: "pseudonymise" });
    expect(receipt?.statements.at(-2)).toMatch(/^delete from "public"."creators" where "id" = /);
    expect(await readRows(database.admin, ann.id)).toEqual(before);
  });

  it("deletes the rows of one creator from every table, and leaves another's to the letter", async () => {
    const before = await readRows(database.admin, bob.id);
    const receipt = await erase(request(database.admin, ann.id));
    const { audit_logs, ...others } = await countRows(database.admin, ann.id);
    expect(new Set(Object.values(others))).toEqual(new Set([0]));
    expect(receipt?.tables.map(({ table }) => table).sort()).toEqual(Object.keys(others).sort());
    expect(receipt?.tables.every(({ rows }) => rows === 1)).toBe(true);
    expect(receipt?.remaining).toEqual([]);
    expect(audit_logs).toBe((receipt?.auditLog?.rows ?? 0) + 1);
    expect(await readRows(database.admin, bob.id)).toEqual(before);
  });

  it("leaves in the log who did what when, and nothing that leads to anybody", async () => {
    expect(await HIDDEN(database.admin, "Ann's secret")).toHaveLength(0);
    expect(await HIDDEN(database.admin, ann.parents.documents ?? "?")).toHaveLength(0);
    const rows = await database.admin`
      select action, table_name, actor, row_id, before, after, request_id, ip from audit_logs
      where creator_id = ${ann.id} and table_name = 'documents' and action in ('insert', 'delete') order by action`;
    expect(rows).toHaveLength(2);
    const [deleted, inserted] = rows;
    expect(deleted?.row_id).toMatch(/^erased-[0-9a-f]{16}$/);
    expect(inserted?.row_id).toBe(deleted?.row_id);
    expect(inserted).toMatchObject({ before: null, request_id: null, ip: null });
    expect(inserted?.after).toHaveProperty("title", null);
    const [record] = await database.admin`
      select actor, after from audit_logs where creator_id = ${ann.id} and action = 'admin'`;
    expect(record).toMatchObject({
      actor: "the test",
      after: {
        reason: "request 4711",
        erased: { creators: 1, documents: 1 },
        auditLog: { treatment: "pseudonymise" },
      },
    });
  });

  it("finds nothing of a creator that is erased, or never was", async () => {
    expect(await erase(request(database.admin, ann.id))).toBeUndefined();
    expect(await erase(request(database.admin, crypto.randomUUID()))).toBeUndefined();
  });

  it("is refused to a service, and to a login that sees no more than one tenant", async () => {
    const service = await openDatabase(onDatabase(database.serviceUrl, database.name));
    await expect(erase(request(service, bob.id))).rejects.toEqual(refusal("role-insufficient", /hides rows/));
    await service.end();
  });

  it("deletes or keeps the log, as it is declared", async () => {
    for (const [treatment, left] of [
      ["delete", false],
      ["keep", true],
    ] as const) {
      const creator = await makeCreatorWithRows(database.service, `Zoe's ${treatment}`);
      const tables = expected.tables.map((table) =>
        table.declaration?.auditLog === undefined
          ? table
          : { ...table, declaration: { ...table.declaration, erase: treatment } },
      );
      await erase(
        request(database.admin, creator.id, { expected: { ...expected, tables }, record: undefined }),
      );
      expect((await HIDDEN(database.admin, `Zoe's ${treatment}`)).length > 0).toBe(left);
      const { audit_logs } = await countRows(database.admin, creator.id);
      expect((audit_logs ?? 0) > 0).toBe(left);
    }
  });
});

describe("erase, of a database that is not as the schema declares", () => {
  let database: TestDatabase;
  let ann: CreatorWithRows;
  let bob: CreatorWithRows;
  beforeAll(async () => {
    database = await createTestDatabase();
    ann = await makeCreatorWithRows(database.service, "Ann");
    bob = await makeCreatorWithRows(database.service, "Bob");
  });

  it.each([
    [
      "a table with the tenant column",
      'create table "Legacy" (creator_id uuid)',
      "Legacy has a column creator_id",
    ],
    [
      "a table that refers to a tenant table",
      "create table hangers (d uuid, c uuid, foreign key (c, d) references documents (creator_id, id) on delete cascade)",
      "hangers refers to documents (hangers_c_d_fkey)",
    ],
    [
      "a table that refers to one that does",
      `create table hangers (id int primary key, c uuid references creators (id)); create table further (h int references hangers)`,
      "further refers to hangers (further_h_fkey)",
    ],
    [
      "a declared table that is gone",
      "drop table token_cutoffs",
      "token_cutoffs is declared, and not in the database",
    ],
    [
      "a partition that refers to a tenant table by itself",
      `create table parts (n int, c uuid) partition by list (n); create table part_one partition of parts for values in (1);
       alter table part_one add foreign key (c) references creators (id)`,
      "parts refers to creators (part_one_c_fkey)",
    ],
  ])("names %s", async (_, sql, detail) => {
    const failure = await database.admin
      .begin(async (session) => {
        await session.unsafe(sql).simple();
        const { readTenantGraph } = await import("../../src/data/tenant/tenant-graph.js");
        await readTenantGraph(session, expected);
      })
      .catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      code: "tenant-incomplete",
      details: expect.arrayContaining([expect.stringContaining(detail)]),
    });
  });

  it("is rolled back where a cascade would take another creator's row along", async () => {
    await database.admin.unsafe(
      `alter table conversations add column other uuid references creators (id) on delete cascade`,
    );
    await database.admin`update conversations set other = ${ann.id} where creator_id = ${bob.id}`;
    const before = await readRows(database.admin, ann.id);
    await expect(erase(request(database.admin, ann.id))).rejects.toMatchObject({
      code: "isolation",
      details: [expect.stringContaining("1 row of other creators in conversations refer to creators")],
    });
    expect(await readRows(database.admin, ann.id)).toEqual(before);
    await database.admin`alter table conversations drop column other`;
  });

  it.each([
    ["deletes", "delete from documents where creator_id <> old.creator_id", /documents: 2 rows deleted/],
    [
      "changes",
      "update creators set display_name = 'x' where id <> old.creator_id",
      /creators: 1 rows of other/,
    ],
    [
      "changes, in a subtransaction,",
      "begin update creators set display_name = 'x' where id <> old.creator_id; exception when others then null; end",
      /creators: 1 rows of other/,
    ],
  ])("is rolled back where a trigger %s another creator's row", async (_, statement, detail) => {
    await database.admin
      .unsafe(`create function reach() returns trigger language plpgsql security definer set search_path = public as
        $$ begin ${statement}; return old; end $$;
        create trigger reach after delete on widget_configurations for each row execute function reach()`)
      .simple();
    const before = await readRows(database.admin, bob.id);
    await expect(erase(request(database.admin, ann.id))).rejects.toMatchObject({
      code: "isolation",
      details: expect.arrayContaining([expect.stringMatching(detail)]),
    });
    await database.admin.unsafe("drop function reach cascade");
    expect(await readRows(database.admin, bob.id)).toEqual(before);
    expect((await countRows(database.admin, ann.id)).documents).toBe(1);
  });

  it("is rolled back where a trigger keeps a row", async () => {
    await database.admin
      .unsafe(`create function hold() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger hold before delete on widget_configurations for each row execute function hold()`)
      .simple();
    await expect(erase(request(database.admin, ann.id))).rejects.toMatchObject({
      details: ["widget_configurations: 1 left, of 1"],
    });
    expect((await countRows(database.admin, ann.id)).documents).toBe(1);
    await database.admin.unsafe("drop function hold cascade");
  });

  it("ends with what was there when it is interrupted", async () => {
    const controller = new AbortController();
    const other = await openDatabase(database.adminUrl, { max: 2 });
    await other.begin(async (session) => {
      await session`select from documents where creator_id = ${ann.id} for update`;
      const running = erase(request(database.admin, ann.id, { signal: controller.signal }));
      const waiting = () => other`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      while ((await waiting()).length === 0);
      controller.abort();
      await expect(running).rejects.toMatchObject({ code: "interrupted" });
    });
    await other.end();
    expect((await countRows(database.admin, ann.id)).conversations).toBe(1);
  });
});
