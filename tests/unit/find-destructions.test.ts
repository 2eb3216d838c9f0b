import { expect, it } from "vitest";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import type { Expected } from "../../src/isolation/expected.js";
import { findDestructions } from "../../src/migrate/endangered/find-destructions.js";

const expected: Expected = {
  ...{ settings: parseTenancySettings({}), tables: [], views: [], doors: [], needsUuidV7: false },
};

const find = async (sql: string, earlier = "") => {
  const folder = [
    { name: "1", file: "1.sql", sql: earlier },
    { name: "2", file: "2.sql", sql },
  ];
  return await findDestructions(expected, folder, new Set(["2"]));
};

it.each([
  ['drop table a, "B c".d', ["drops the table a", "drops the table B c.d"]],
  ["alter table a drop column b, drop column if exists c", ["drops the column a.b", "drops the column a.c"]],
  ["alter table a alter column b type int using b::int", ["writes the column a.b anew"]],
  ["truncate a, s.b", ["truncates a", "truncates s.b"]],
  ["delete from a", ["deletes rows of a"]],
  ["update a set b = 1", ["changes rows of a"]],
  ["with gone as (delete from a returning *) insert into b select * from gone", ["deletes rows of a"]],
  ["with gone as (delete from a returning *) select count(*) from gone", ["deletes rows of a"]],
  ["insert into a values (1) on conflict (id) do update set b = 1", ["writes over rows of a"]],
  ["merge into a using b on a.id = b.id when matched then delete", ["merges into a"]],
  ["drop schema s cascade", ["drops the schema s with all that is in it"]],
  ["drop type t cascade", ["drops t with the columns of its type"]],
  ["drop owned by somebody", ["drops what a role owns"]],
  ["do $$ begin if true then delete from a; end if; end $$", ["deletes rows of a"]],
  [
    "do $$ begin execute 'truncate ' || (select x from y); end $$",
    ["runs SQL that is put together when it runs"],
  ],
])("sees what %s takes", async (sql, what) => {
  expect((await find(sql)).map((one) => one.what)).toEqual(what);
});

it.each([
  "create table a (b int)",
  "alter table a add column b int default 1, alter column c drop not null",
  "-- drop table a\nselect 'drop table a'",
  "insert into a values ('delete from a') on conflict do nothing",
  "drop index i; drop view v cascade; drop function f() cascade; drop schema s",
  "create function f() returns void language sql begin atomic delete from a; end",
  "create rule r as on insert to a do also delete from b",
  "alter table a detach partition b",
])("sees nothing taken by %s", async (sql) => {
  expect(await find(sql)).toEqual([]);
});

it("follows what is renamed back to the name that it has now, and functions to their bodies", async () => {
  const renamed = "alter table a rename to b; alter table b rename column x to y; alter table b set schema s";
  const [dropped] = await find(`${renamed}; alter table s.b drop column y`);
  expect(dropped).toMatchObject({ table: { name: "a" }, column: "x", line: 1, migration: "2" });
  const made = "create function f() returns void language sql as 'delete from a'";
  expect(await find("select f()", made)).toMatchObject([{ what: "deletes rows of a", migration: "2" }]);
});

it("knows a change to text that may leave each value as it is", async () => {
  expect(await find("alter table a alter column b type text")).toMatchObject([{ widensTo: "text" }]);
  expect(await find("alter table a alter column b type varchar(3)")).not.toMatchObject([
    { widensTo: "text" },
  ]);
});
