import { describe, expect, it } from "vitest";
import { demandSql, listDemands } from "../../src/isolation/demands.js";
import { createEngineSql } from "../../src/isolation/sql/blocks/engine-blocks.js";
import { E, expected, findAfterBase } from "../fixtures/check/sql-project.js";

const rulesFound = async (...migrations: string[]) =>
  (await findAfterBase(...migrations)).map((found) => found.replace(/ \S+$/, ""));
const off = "alter table documents disable row level security";

describe("a block is judged by what it does", () => {
  it.each([
    ["rls-not-enabled", `do $$ begin ${off}; end $$`],
    ["rls-not-enabled", `do $$ begin execute '${off}'; end $$`],
    [
      "rls-not-enabled",
      `do $$ begin execute 'alter table documents dis' || 'able row level security'; end $$`,
    ],
    [
      "rls-not-enabled",
      `do $$ begin execute format('alter table %I.%2$s disable row level security', 'public', 'documents'); end $$`,
    ],
    [
      "rls-not-enabled",
      `do $$ declare s text := 'alter tab' || 'le documents disable row level security'; begin execute s; end $$`,
    ],
    [
      "rls-not-enabled",
      `do $$ declare t constant text := 'documents'; begin execute concat('alter table ', quote_ident(t), ' disable row level security'); end $$`,
    ],
    ["rls-not-enabled", `do $$ begin if now() < '2000-01-01' then ${off}; end if; end $$`],
    ["rls-not-enabled", `do $$ begin ${off}; exception when others then null; end $$`],
    ["rls-not-enabled", `do $$ begin execute 'do $x$ begin ${off}; end $x$'; end $$`],
    ["rls-not-enabled", `do language plpgsql $$ begin loop ${off}; exit; end loop; end $$`],
    [
      "session-level-context",
      `do $$ declare v text := set_config('app.creator_id', 'x', false); begin null; end $$`,
    ],
    [
      "session-level-context",
      `do $$ declare v text; begin v := set_config('app.creator_id', 'x', false); end $$`,
    ],
    ["policy-missing", `do $$ begin execute 'drop policy documents_floor on documents'; end $$`],
    [
      "key-not-tenant-leading",
      `do $$ begin create unique index u on documents (title); exception when duplicate_table then null; end $$`,
    ],
    ["system-catalog-changed", `do $$ begin update pg_class set relrowsecurity = false; end $$`],
    ["view-not-security-invoker", `create schema x create view v as select * from public.documents`],
  ])("finds %s in %s", async (id, sql) => {
    expect(await rulesFound(sql)).toEqual([id]);
  });

  it("shows the line inside the block", async () => {
    expect(await findAfterBase(`select 1;\ndo $body$\nbegin\n  ${off};\nend\n$body$;`)).toEqual([
      "rls-not-enabled 1.sql:4:3",
    ]);
  });

  it("follows a function where a migration calls it", async () => {
    const made = `create function f() returns void language plpgsql as 'begin create unique index u on documents (title); end';`;
    expect(await findAfterBase(made)).toEqual([]);
    expect(await findAfterBase(`${made}\nselect f();`)).toEqual(["key-not-tenant-leading 1.sql:2:1"]);
    expect(await findAfterBase(made, `do 'begin perform public.f(); end';`)).toEqual([
      "key-not-tenant-leading 2.sql:1:1",
    ]);
    const overload = made
      .replace("f()", "f(a int)")
      .replace("documents (title)", "documents (creator_id, title)");
    expect(await findAfterBase(`${made} ${overload}\nselect f();`)).toEqual([
      "key-not-tenant-leading 1.sql:2:1",
    ]);
    const endless = `create function g() returns void language plpgsql as 'begin ${"perform g();".repeat(9)} end'; select g();`;
    expect(await findAfterBase(endless)).toEqual([]);
    const atomic = `create procedure p() language sql begin atomic; update pg_class set relrowsecurity = false; end;`;
    expect(await rulesFound(`${atomic} call p();`)).toContain("system-catalog-changed");
  });

  it("judges each of the functions that a call may mean", async () => {
    const body = (sql: string) => `returns void language plpgsql as 'begin ${sql}; end'`;
    const on = "alter table documents enable row level security";
    const define = (parameters: string, sql: string, name = "f") =>
      `create function ${name}(${parameters}) ${body(sql)};`;
    const calls = (bad: string, good: string, call: string) =>
      rulesFound(`${define(bad, off)} ${define(good, on)} ${call};`);
    for (const [bad, good, call] of [
      ["a int", "a text", "select f('1')"],
      ["a text", "a int", "select f(1)"],
      ["", "a int default 1", "select f()"],
      ["a int default 1", "", "select f()"],
      ["a int, b int default 2", "a int", "select f(1)"],
      ["variadic a int[]", "a int", "select f(1)"],
      ["variadic a int[]", "a int", "select f(variadic array[1])"],
    ] as const) {
      expect(await calls(bad, good, call), `${bad} | ${good} | ${call}`).toContain("rls-not-enabled");
      expect(await calls(good, bad, call), `${good} | ${bad} | ${call}`).toContain("rls-not-enabled");
    }
    for (const [only, call] of [
      ["", "select f()"],
      ["a int, b int default 2", "select f(b => 1, a => 2)"],
      ["variadic a int[]", "select f(1, 2, 3)"],
    ] as const) {
      expect(await calls(only, "x text", call), call).toContain("rls-not-enabled");
    }
    // None of these runs what turns it off.
    expect(await calls("a int", "", "select f()")).not.toContain("rls-not-enabled");
    expect(await calls("a int, b int", "a int", "select f(1)")).not.toContain("rls-not-enabled");
    const elsewhere = `create schema x; ${define("", off, "x.f")}`;
    expect(await rulesFound(`${elsewhere} select public.f();`)).not.toContain("rls-not-enabled");
    // Either one turns it on again.
    const both = `${define("a int", on)} ${define("a text", on)}`;
    expect(await rulesFound(`${both} ${off}; select f(1);`)).not.toContain("rls-not-enabled");
    expect(await rulesFound(`${define("", off)} alter function f() rename to g; select g();`)).toContain(
      "rls-not-enabled",
    );
    const procedure = `create procedure p(out a int) language plpgsql as 'begin a := 1; ${off}; end';`;
    expect(await rulesFound(`${procedure} call p(null);`)).toContain("rls-not-enabled");
  });

  it("does not believe what a block restores only sometimes", async () => {
    const restore = "alter table documents enable row level security";
    expect(await rulesFound(`${off}; do $$ begin ${restore}; end $$`)).toEqual([]);
    for (const maybe of [
      `begin if false then ${restore}; end if; end`,
      `begin return; ${restore}; end`,
      `begin ${restore}; perform 1 / 0; exception when others then null; end`,
      `begin while false loop ${restore}; end loop; end`,
      `begin execute case when false then '${restore}' else 'select 1' end; end`,
      `begin if now() > '2000-01-01' then ${off}; end if; if false then ${restore}; end if; end`,
      `begin commit; ${restore}; end`,
      `<<b>> begin exit b; ${restore}; end`,
    ]) {
      expect(await rulesFound(`${off}; do $$ ${maybe} $$`)).toContain("rls-not-enabled");
    }
  });
});

describe("what a block puts together while it runs", () => {
  it.each([
    `do $$ declare t text; begin for t in select relname from pg_class loop execute format('drop policy p on %I', t); end loop; end $$`,
    `do $$ begin execute 'alter table documents dis' || pg_backend_pid() || 'able row level security'; end $$`,
    `do $$ begin execute convert_from(decode('616c74', 'hex'), 'utf8'); end $$`,
    `do $$ declare s text := 'grant all on documents to public'; begin s := s || now(); execute s; end $$`,
    `do $$ begin execute concat_ws(' ', 'alter table documents disable row level', 'security'); end $$`,
    `do $$ begin execute (select string_agg(x, ' ') from unnest(array['drop', 'policy', 'p on documents']) x); end $$`,
    `do language plpython3u 'plpy.execute("alter table documents disable row level security")'`,
  ])("is an error where it has to do with isolation: %s", async (sql) => {
    expect(await rulesFound(sql)).toEqual(["dynamic-sql"]);
  });

  it.each([
    `do $$ declare t text; begin for t in select relname from pg_class loop execute format('analyze %I', t); end loop; end $$`,
    `do language plpython3u 'plpy.notice("hello")'`,
  ])("is a warning elsewhere: %s", async (sql) => {
    expect(await rulesFound(sql)).toEqual(["warning dynamic-sql"]);
  });
});

describe("the engine's own statements", () => {
  const isEngineSql = createEngineSql(expected);
  const own = listDemands(expected).flatMap(demandSql);
  const membership = own.find((text) => text.includes("grant %I to %I")) ?? "";

  it("are known by their whole text, however lines end", () => {
    expect(membership).not.toBe("");
    for (const text of own) expect(isEngineSql(`${text.replaceAll("\n", "\r\n")};\r\n`)).toBe(true);
  });

  it("are not known by their markers, nor by most of their text", async () => {
    const forged = membership.replace(
      "current_user);",
      "current_user);\n    execute 'grant app_admin to app_tenant';",
    );
    expect(isEngineSql(forged)).toBe(false);
    const marked = `-- tenantry: completion, what drizzle-kit cannot write\n${forged};\n-- tenantry: end`;
    expect(await rulesFound(marked)).toContain("role-too-strong");
    expect(isEngineSql(membership.replaceAll("app_admin", "postgres"))).toBe(false);
  });

  it("grant the sequences of any table, and nothing that is written like one", () => {
    const grant = (sequence: string, column = "'n'") => `do $body$
begin
  execute pg_catalog.format('grant usage on sequence %s to %I', pg_catalog.pg_get_serial_sequence(${sequence}, ${column}), 'app_tenant');
end
$body$`;
    expect(isEngineSql(grant(`'"public"."gone"'`))).toBe(true);
    expect(isEngineSql(grant(`'"public"."it''s ""gone"""'`))).toBe(true);
    expect(isEngineSql(grant(`evil('"public"."gone"')`))).toBe(false);
    expect(isEngineSql(grant(`'"public"."gone"'`, `'n') || evil('x'`))).toBe(false);
    expect(isEngineSql(grant(`'"public"."gone"'`).replace("app_tenant", "postgres"))).toBe(false);
  });
});

describe("what is rolled back", () => {
  const on = "alter table documents enable row level security";
  it("has not happened", async () => {
    const savepoint = `${off}; savepoint a; ${on}; rollback to savepoint a;`;
    expect(await rulesFound(savepoint)).toEqual(["rls-not-enabled"]);
    expect(await rulesFound(`savepoint a; ${off}; rollback to savepoint a;`)).toEqual([]);
    expect(await rulesFound(`${off}; begin; ${on}; rollback;`)).toEqual(["rls-not-enabled"]);
    expect(await rulesFound(`savepoint a; set role postgres; rollback to savepoint a;`)).toEqual([]);
  });
});

it("compares a policy that a block writes like any other", async () => {
  const made = (as: string) =>
    `drop policy notes_floor on notes; do $$ begin create policy notes_floor on notes as ${as} to app_tenant using (${E}); end $$`;
  expect(await rulesFound(made("restrictive"))).toEqual([]);
  expect(await rulesFound(made("permissive"))).toEqual(["policy-not-tenant-bound"]);
});
