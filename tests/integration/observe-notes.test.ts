import { beforeAll, describe, expect, it } from "vitest";
import type { StatementReport } from "../../src/migrate/observe/plan-report.js";
import type { Database } from "../../src/postgres/connect.js";
import { openDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import { migrationOf, observe, summarize } from "./observed-project.js";

const BASE = `
create table a (id int primary key, n int, v varchar(10));
create table b (id int primary key, a_id int references a);
create index b_i on b (a_id);
create table nobody (id int);`;

/** The statements of one migration. */
async function statements(
  sql: string,
  target: Database,
  shadow?: "no shadow",
): Promise<readonly StatementReport[]> {
  return (await observe(BASE, [sql], target, shadow)).migrations[0]?.statements ?? [];
}

describe("tenantry plan on a target with rows", () => {
  let target: Database;
  let url: URL;

  beforeAll(async () => {
    const database = await createEmptyDatabase();
    target = database.admin;
    url = database.adminUrl;
    await target.unsafe(BASE).simple();
    await target
      .unsafe("insert into a select i, i % 10 from generate_series(1, 20000) i; analyze a, b, nobody")
      .simple();
  });

  it("lets the target's planner estimate the rows that a data statement changes", async () => {
    const [some, all, added, given] = await statements(
      "update a set v = 'x' where n = 3; delete from a; insert into nobody select id from a; insert into nobody values (1), (2), (3)",
      target,
    );
    expect(some?.estimatedRows).toBeGreaterThan(1500);
    expect(some?.estimatedRows).toBeLessThan(2500);
    expect(all?.verdict).toMatchObject({
      class: "changes-rows",
      weight: "medium",
      text: "deletes about 20,000 rows of a; blocks nothing but these rows until COMMIT",
    });
    expect(added?.estimatedRows).toBe(20_000);
    expect(given?.estimatedRows).toBe(3);
    expect(await target`select count(*)::int as count from a`).toEqual([{ count: 20_000 }]);
  });

  it("goes on behind rows that the shadow cannot take, since the target may have what they refer to", async () => {
    const [insert, alter] = await statements("insert into b values (1, 1); alter table b add x int", target);
    expect(insert?.notes[0]).toMatch(
      /^not observed on the shadow: there insert or update on table "b" violates/,
    );
    expect(alter && summarize(alter)).toBe("ACCESS EXCLUSIVE b | instant");
    expect(alter?.known).toBe("observed");
  });

  it("warns of a column that existing rows have no value for", async () => {
    const note = "fails if a has rows: the new column may not be null, and has no default";
    const [fails, filled] = await statements(
      "alter table a add x int not null; alter table a add y int not null default 1",
      target,
    );
    expect(fails?.notes).toEqual([note]);
    expect(filled?.notes).toEqual([]);
    expect((await statements("alter table nobody add x int not null", target))[0]?.notes).toEqual([]);
  });

  it("runs what cannot be in a transaction outside of one, with the locks of the manual", async () => {
    const [create, drop, vacuum, reindex] = await statements(
      "create index concurrently i on a (n); drop index concurrently b_i; vacuum full nobody; reindex table concurrently a",
      target,
    );
    expect(create).toMatchObject({ inTransaction: false, known: "locks-documented" });
    expect(create && summarize(create)).toBe("SHARE UPDATE EXCLUSIVE a | builds a | builds");
    expect(create?.verdict.blocks).toBe("nothing");
    expect(create?.notes).toEqual(["waits for every transaction that began before it"]);
    expect(drop && summarize(drop)).toBe("SHARE UPDATE EXCLUSIVE b | instant");
    expect(vacuum && summarize(vacuum)).toBe("ACCESS EXCLUSIVE nobody | rewrites nobody | rewrites");
    expect(reindex && summarize(reindex)).toBe("SHARE UPDATE EXCLUSIVE a | builds a | builds");
  });

  it("leaves the server of the shadow alone", async () => {
    const [system] = await statements("alter system set work_mem = '7MB'", target);
    expect(system).toMatchObject({
      known: "documented",
      notes: ["not observed on the shadow: it concerns the whole server"],
    });
    const setting = "select setting from pg_file_settings where name = 'work_mem'";
    expect(await target.unsafe(setting)).toEqual([]);
  });

  it("says that a lock is kept while later statements of the transaction work", async () => {
    const report = await observe(
      BASE,
      ["alter table b add x int; alter table a alter n set not null; select 1"],
      target,
    );
    expect(report.migrations[0]?.holds).toEqual([
      "reads and writes of b wait from statement 1 until COMMIT, also during 2",
    ]);
  });

  it("keeps settings of the transaction, temporary tables and what earlier migrations made", async () => {
    const report = await observe(
      BASE,
      [
        "create schema other; create table other.b (id int)",
        "set local search_path = other; alter table b add x int; alter table b add y int",
        "create temp table t on commit drop as select 1 as id; insert into other.b select id from t; alter table nobody add z int",
      ],
      target,
    );
    const known = report.migrations.flatMap((migration) => migration.statements.map((one) => one.known));
    expect(new Set(known)).toEqual(new Set(["observed"]));
    expect(report.migrations[1]?.statements.map(summarize)).toEqual([
      "no lock | instant",
      "no lock | instant",
      "no lock | instant",
    ]);
    expect(report.migrations[2]?.statements.at(-1)?.effects.locks).toEqual([
      { table: "nobody", mode: "ACCESS EXCLUSIVE" },
    ]);
  });

  it("estimates a size without waiting where somebody holds the table", async () => {
    const other = await openDatabase(url);
    try {
      await other.begin(async (session) => {
        await session`lock table a in access exclusive mode`;
        const [statement] = await statements("alter table a add x int", target);
        expect(statement?.tables).toMatchObject([{ table: "a", rows: 20_000 }]);
      });
    } finally {
      await other.end();
    }
  });

  it("says that row security would refuse a data statement, for a migrator whom it binds", async () => {
    const role = `plan_bound_${process.pid}`;
    await target
      .unsafe(`create role ${role} login password 'plan'; grant all on schema public to ${role};
      alter table nobody owner to ${role}; alter table nobody enable row level security; alter table nobody force row level security`)
      .simple();
    const login = new URL(url);
    [login.username, login.password] = [role, "plan"];
    const bound = await openDatabase(login);
    try {
      const [statement] = await statements("update nobody set id = 1", bound);
      expect(statement?.notes[0]).toMatch(
        /^the target would refuse it: query would be affected by row-level security/,
      );
    } finally {
      await bound.end();
      await target
        .unsafe(`alter table nobody no force row level security; alter table nobody owner to current_user;
        drop owned by ${role}; drop role ${role}`)
        .simple();
    }
  });

  it("says what cannot be known without a shadow, and does not guess", async () => {
    const all = await statements(
      `alter table a alter v type text; alter table a add x int default 1; alter table a add y timestamptz default now();
       alter table a add z int generated always as identity; create index i on a (n); drop index i; drop index b_i;
       alter table a rename to renamed; alter table renamed add q int; create table c (id int); alter table c add r int;
       do $$ begin null; end $$; create extension if not exists plpgsql; truncate b`,
      target,
      "no shadow",
    );
    expect(all.map(summarize)).toEqual([
      "ACCESS EXCLUSIVE a | unknown",
      "ACCESS EXCLUSIVE a | instant",
      "ACCESS EXCLUSIVE a | unknown",
      "ACCESS EXCLUSIVE a | rewrites a | rewrites",
      "SHARE a | builds a | builds",
      "ACCESS EXCLUSIVE a | instant",
      "ACCESS EXCLUSIVE b | instant",
      "ACCESS EXCLUSIVE a | instant",
      "no lock | unknown",
      "no lock | instant",
      "no lock | instant",
      "no lock | unknown",
      "no lock | unknown",
      "ACCESS EXCLUSIVE b | removes b | removes",
    ]);
    expect(new Set(all.map(({ known }) => known))).toEqual(new Set(["documented"]));
  });

  it("shows what squawk says of a statement, without what a comment suppresses", async () => {
    const sql = `alter table a alter n type bigint;\n-- tenantry-ignore squawk-renaming-column -- nobody reads it\nalter table a rename n to m;`;
    const [type, rename] = await statements(sql, target);
    expect(type?.advice.map(({ rule }) => rule)).toEqual(["squawk-changing-column-type"]);
    expect(rename?.advice).toEqual([]);
  });

  it("says so if the applied migrations do not run on the shadow", async () => {
    const broken = migrationOf("broken", "select nothing from nowhere").sql;
    const report = await observe(broken, ["alter table a add x int"], target);
    expect(report.observedOn).toBeNull();
    expect(report.warnings[0]).toContain("nothing was observed");
  });
});
