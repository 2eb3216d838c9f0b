import { beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import { observe, summarize } from "./observed-project.js";

const BASE = `
create table a (id int primary key, v varchar(10), n int, k int not null, proven int check (proven is not null));
create unique index a_k on a (k);
create table b (id int primary key, a_id int);
create table "Odd.name" (id int, "Ünïcode" text);
create table parent (id int, kind int) partition by list (kind);
create table loose (id int, kind int);
create table proven (id int, kind int, check (kind = 2 and kind is not null));
create table part_3 partition of parent for values in (3);
create table part_4 partition of parent for values in (4);
create materialized view totals as select count(*) as n from b;
create unique index on totals (n);
create view names as select id from b;
create type mood as enum ('well');
create domain positive as int;
create table uses_domain (p positive);
create schema other;
create table other.b (id int);`;

/** What PostgreSQL 15 to 18 do; the last statement is the one that is looked at. */
const CASES: readonly (readonly [sql: string, effects: string])[] = [
  ["alter table a alter v type varchar(20)", "ACCESS EXCLUSIVE a | instant"],
  ["alter table a alter v type text", "ACCESS EXCLUSIVE a | instant"],
  ["alter table a alter v type varchar(5)", "ACCESS EXCLUSIVE a | rewrites a | rewrites"],
  ["alter table a alter n type bigint", "ACCESS EXCLUSIVE a | rewrites a | rewrites"],
  ["alter table a add x int default 1 not null", "ACCESS EXCLUSIVE a | instant"],
  ["alter table a add x timestamptz default now()", "ACCESS EXCLUSIVE a | instant"],
  ["alter table a add x uuid default gen_random_uuid()", "ACCESS EXCLUSIVE a | rewrites a | rewrites"],
  ["alter table a add x int generated always as (id) stored", "ACCESS EXCLUSIVE a | rewrites a | rewrites"],
  ["alter table a add x int generated always as identity", "ACCESS EXCLUSIVE a | rewrites a | rewrites"],
  ["alter table a alter n set not null", "ACCESS EXCLUSIVE a | reads a | reads"],
  ["alter table a alter proven set not null", "ACCESS EXCLUSIVE a | instant"],
  ["alter table a add constraint c check (n > 0)", "ACCESS EXCLUSIVE a | reads a | reads"],
  ["alter table a add constraint c check (n > 0) not valid", "ACCESS EXCLUSIVE a | instant"],
  [
    "alter table a add constraint c check (n > 0) not valid; alter table a validate constraint c",
    "SHARE UPDATE EXCLUSIVE a | reads a | reads",
  ],
  ["alter table a add constraint a_u unique using index a_k", "ACCESS EXCLUSIVE a | instant"],
  ["alter table b add unique (a_id)", "ACCESS EXCLUSIVE b | builds b | reads b | builds"],
  [
    "alter table b add foreign key (a_id) references a not valid",
    "SHARE ROW EXCLUSIVE a, SHARE ROW EXCLUSIVE b | instant",
  ],
  [
    "alter table b add foreign key (a_id) references a",
    "SHARE ROW EXCLUSIVE a, SHARE ROW EXCLUSIVE b | reads b | reads",
  ],
  [
    "alter table b add constraint f foreign key (a_id) references a not valid; alter table b validate constraint f",
    "ROW SHARE a, SHARE UPDATE EXCLUSIVE b | reads b | reads",
  ],
  [
    "alter table parent attach partition loose for values in (1)",
    "ACCESS EXCLUSIVE loose, SHARE UPDATE EXCLUSIVE parent | reads loose | reads",
  ],
  [
    "alter table parent attach partition proven for values in (2)",
    "SHARE UPDATE EXCLUSIVE parent, ACCESS EXCLUSIVE proven | instant",
  ],
  [
    "alter table parent add x int",
    "ACCESS EXCLUSIVE parent, ACCESS EXCLUSIVE part_3, ACCESS EXCLUSIVE part_4 | instant",
  ],
  [
    "create index on parent (id)",
    "SHARE parent, SHARE part_3, SHARE part_4 | builds part_3+part_4 | reads part_3+part_4 | builds",
  ],
  ["create index on b (a_id)", "SHARE b | builds b | reads b | builds"],
  ["create index i on b (a_id); drop index i", "ACCESS EXCLUSIVE b | instant"],
  ["reindex table b", "SHARE b | builds b | reads b | builds"],
  ["alter table a alter n set statistics 500", "SHARE UPDATE EXCLUSIVE a | instant"],
  ["alter table b set (fillfactor = 80)", "SHARE UPDATE EXCLUSIVE b | instant"],
  ["alter table b set unlogged", "ACCESS EXCLUSIVE b | rewrites b | rewrites"],
  ["cluster a using a_pkey", "ACCESS EXCLUSIVE a | rewrites a | rewrites"],
  ["truncate b", "ACCESS EXCLUSIVE b | removes b | removes"],
  ["drop view names; drop table other.b", "ACCESS EXCLUSIVE other.b | removes other.b | removes"],
  [
    "drop table parent",
    "ACCESS EXCLUSIVE parent, ACCESS EXCLUSIVE part_3, ACCESS EXCLUSIVE part_4 | removes parent | removes",
  ],
  [
    "drop table b cascade",
    "ACCESS EXCLUSIVE b, ACCESS EXCLUSIVE names, ACCESS EXCLUSIVE totals | removes b+totals | removes",
  ],
  ["alter table a rename n to m", "ACCESS EXCLUSIVE a | instant"],
  ["alter table a rename to z; alter table z add x int", "ACCESS EXCLUSIVE a | instant"],
  ["alter table a enable row level security", "ACCESS EXCLUSIVE a | instant"],
  ["create policy p on a using (true)", "ACCESS EXCLUSIVE a | instant"],
  [
    "create trigger t before update on b for each row execute function suppress_redundant_updates_trigger()",
    "SHARE ROW EXCLUSIVE b | instant",
  ],
  ["comment on table b is 'x'", "SHARE UPDATE EXCLUSIVE b | instant"],
  ["alter type mood add value 'better'", "no lock | instant"],
  [
    "refresh materialized view totals",
    "ACCESS SHARE b, ACCESS EXCLUSIVE totals | rewrites totals | reads b | rewrites",
  ],
  [
    "refresh materialized view concurrently totals",
    "ACCESS SHARE b, EXCLUSIVE totals | reads b+totals | reads",
  ],
  ["create view v as select * from b", "ACCESS SHARE b | instant"],
  ["create table c (id int primary key, a_id int references a)", "SHARE ROW EXCLUSIVE a | instant"],
  ["create table c (id int); alter table c add x uuid default gen_random_uuid()", "no lock | instant"],
  ["create table part_5 partition of parent for values in (5)", "ACCESS EXCLUSIVE parent | instant"],
  [
    "do $$ begin execute 'alter table b alter a_id type bigint'; end $$",
    "ACCESS EXCLUSIVE b | rewrites b | rewrites",
  ],
  ["lock table b in share mode; alter table b add x int", "ACCESS EXCLUSIVE b | instant"],
  ["alter domain positive add check (value > 0)", "SHARE uses_domain | reads uses_domain | reads"],
  [
    'alter table "Odd.name" alter "Ünïcode" set not null',
    "ACCESS EXCLUSIVE Odd.name | reads Odd.name | reads",
  ],
  ["set local search_path = other; alter table b add x int", "ACCESS EXCLUSIVE other.b | instant"],
  ["update b set a_id = 1", "ROW EXCLUSIVE b | reads b | changes-rows"],
];

describe("what a statement does, observed on the shadow", () => {
  let target: Database;

  beforeAll(async () => {
    target = (await createEmptyDatabase()).admin;
    await target.unsafe(BASE).simple();
  });

  it.each(CASES)("%s", async (sql, effects) => {
    const report = await observe(BASE, [sql], target);
    const last = report.migrations[0]?.statements.at(-1);
    expect(report.warnings).toEqual([]);
    expect(last?.known).toBe("observed");
    expect(last && summarize(last)).toBe(effects);
  });
});
