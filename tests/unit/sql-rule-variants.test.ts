import { describe, expect, it } from "vitest";
import { checkSql } from "../../src/isolation/sql/check-sql.js";
import type { SqlRule } from "../../src/isolation/sql/sql-rule.js";
import { BASE, E, expected, findAfterBase, findIn } from "../fixtures/check/sql-project.js";

const floor = (name: string, table: string) =>
  `create policy ${name} on ${table} as restrictive to app_tenant using (${E}) with check (${E});`;

describe("one way or another", () => {
  it.each([
    ["rls-not-enabled", `ALTER TABLE ONLY public."documents" DISABLE ROW LEVEL SECURITY`],
    ["rls-not-enabled", `set search_path = "Billing"; alter table "Invoices" disable row level security;`],
    [
      "rls-not-enabled",
      `set local search_path to "Billing", public; alter table "Invoices" disable row level security;`,
    ],
    ["rls-not-enabled", `alter table countries disable row level security`],
    ["rls-not-enabled", `drop table notes; create table notes (creator_id uuid not null, title text);`],
    [
      "rls-not-enabled",
      `create table new_notes (like notes including all); drop table notes; alter table new_notes rename to notes;`,
    ],
    ["rls-not-forced", `alter table documents no force row level security, enable row level security`],
    ["policy-not-tenant-bound", `alter policy documents_floor on documents to app_admin`],
    ["policy-not-tenant-bound", `alter policy documents_floor on documents with check (true)`],
    ["policy-not-tenant-bound", `alter policy documents_floor on documents using (${E} or title = 'public')`],
    [
      "policy-not-tenant-bound",
      `drop policy documents_floor on documents; create policy documents_floor on documents as restrictive for select to app_tenant using (${E});`,
    ],
    [
      "policy-not-tenant-bound",
      `alter policy documents_floor on documents using (creator_id = coalesce(current_setting('app.creator_id', true)::uuid, creator_id))`,
    ],
    ["grant-too-wide", `grant select on documents to public`],
    ["grant-too-wide", `grant all on documents to app_tenant`],
    ["grant-too-wide", `grant references on documents, notes to app_tenant`],
    ["grant-too-wide", `grant select (title) on documents to public`],
    ["grant-too-wide", `grant select on documents to app_tenant with grant option`],
    ["grant-too-wide", `grant delete on log to app_tenant`],
    ["grant-too-wide", `grant insert on countries to app_tenant`],
    ["grant-too-wide", `grant select on all tables in schema public to app_tenant`],
    ["grant-too-wide", `grant create on schema public to public`],
    ["grant-too-wide", `grant all on schema "Billing" to app_tenant`],
    ["grant-too-wide", `grant temporary on database app to app_tenant`],
    ["default-privileges", `alter default privileges grant all on tables to public`],
    ["role-too-strong", `create role app_tenant superuser`],
    ["role-too-strong", `create role etl login bypassrls`],
    ["role-too-strong", `alter role app_tenant createrole`],
    ["role-too-strong", `grant pg_read_all_data to app_tenant`],
    ["role-too-strong", `grant app_admin to app_tenant`],
    ["role-too-strong", `create role app_tenant in role postgres`],
    ["role-too-strong", `create role boss role app_tenant`],
    ["role-too-strong", `alter table documents owner to app_tenant`],
    ["role-too-strong", `alter schema public owner to app_tenant`],
    ["role-too-strong", `reassign owned by migrator to app_tenant`],
    [
      "view-not-security-invoker",
      `create view v with (security_invoker = false) as select * from "Billing"."Invoices"`,
    ],
    ["view-not-security-invoker", `create view v as select 1 where exists (select from documents)`],
    [
      "materialized-view-of-tenant-rows",
      `create view inner_view with (security_invoker) as select * from documents; create materialized view m as select * from inner_view;`,
    ],
    [
      "view-not-security-invoker",
      `create view v with (security_invoker) as select * from documents; create or replace view v as select * from documents;`,
    ],
    [
      "view-not-security-invoker",
      `create view v with (security_invoker) as select * from documents; alter view v reset (security_invoker);`,
    ],
    [
      "materialized-view-of-tenant-rows",
      `create materialized view m as select * from notes join documents using (title)`,
    ],
    [
      "function-security-definer",
      `create function f() returns int language sql security definer as 'select 1'; revoke all on function f() from public;`,
    ],
    [
      "function-security-definer",
      `create function f() returns int language sql security definer set search_path = pg_catalog as 'select 1'; revoke all on function f from public;`,
    ],
    [
      "function-security-definer",
      `create function f() returns int language sql as 'select 1'; alter function f() security definer;`,
    ],
    [
      "function-security-definer",
      `create function t() returns trigger language plpgsql security definer as 'begin end'`,
    ],
    [
      "function-leakproof",
      `create function f(int) returns int language sql as 'select 1'; alter function f leakproof;`,
    ],
    [
      "partition-without-policy",
      `create table part (creator_id uuid); alter table documents attach partition part for values in ('a');`,
    ],
    ["partition-without-policy", `create table child () inherits (documents)`],
    [
      "partition-without-policy",
      `create table child (creator_id uuid); alter table child inherit documents;`,
    ],
    ["table-copied", `create table copy (like documents including all)`],
    ["table-copied", `select * into copy from "Billing"."Invoices"`],
    ["table-copied", `create table copy as with x as (select * from documents) select * from x`],
    [
      "table-copied",
      `create view v with (security_invoker) as select * from documents; create table copy as select * from v;`,
    ],
    ["foreign-table", `import foreign schema public from server s into public`],
    ["warning foreign-table", `create extension if not exists dblink`],
    ["publication-without-filter", `create publication p for all tables`],
    ["publication-without-filter", `create publication p for tables in schema public`],
    [
      "publication-without-filter",
      `create publication p for table countries; alter publication p add table notes;`,
    ],
    ["trigger-disabled", `alter table documents disable trigger tenantry_audit`],
    ["trigger-disabled", `alter table documents enable replica trigger tenantry_audit`],
    ["trigger-disabled", `drop trigger tenantry_audit on documents`],
    ["trigger-disabled", `set session_replication_role = replica`],
    ["session-level-context", `select set_config('app.creator_id', 'a', false)`],
    ["setting-unsafe", `alter role app_tenant set app.creator_id = 'a'`],
    ["setting-unsafe", `alter database app set app.creator_id = 'a'`],
    ["warning setting-unsafe", `alter role app_tenant set row_security = off`],
    ["role-too-strong", `do $x$ begin execute format('grant %I to %I', 'postgres', 'app_tenant'); end $x$`],
    [
      "warning dynamic-sql",
      `create function f() returns void language plpgsql as $f$ begin execute 'alter table documents disable row level security'; end $f$`,
    ],
  ])("finds %s in %s", async (id, sql) => {
    const found = await findAfterBase(sql);
    expect(found.map((each) => each.replace(/ \S+$/, ""))).toEqual([id]);
  });

  it("judges a policy that widens as an error where there is no floor", async () => {
    const found = await findAfterBase(
      `drop policy documents_floor on documents; create policy wide on documents using (true);`,
    );
    expect(found).toEqual(["policy-missing 1.sql:1:1", "policy-widens 1.sql:1:43"]);
  });

  it("follows a table, its column and its schema through renames", async () => {
    const away = `alter table documents rename to papers; alter table papers set schema "Billing"; alter schema "Billing" rename to b;`;
    const back = `alter schema b rename to "Billing"; alter table "Billing".papers set schema public; alter table papers rename to documents;`;
    const column = `alter table notes rename column creator_id to owner; alter table notes rename column owner to creator_id;`;
    expect(await findAfterBase(away + back + column)).toEqual([]);
    expect(await findAfterBase(`${away}alter table b.papers disable row level security;${back}`)).toEqual([
      `rls-not-enabled 1.sql:1:${away.length + 1}`,
    ]);
  });
});

describe("what is committed in between", () => {
  it("is judged at a COMMIT in the migration", async () => {
    const off = `alter table documents disable row level security;`;
    const on = `alter table documents enable row level security;`;
    expect(await findAfterBase(`begin; ${off} ${on} commit;`)).toEqual([]);
    expect(await findAfterBase(`${off}\ncommit;\n${on}`)).toEqual(["rls-not-enabled 1.sql:1:1"]);
    expect(await findAfterBase(`${off} create index concurrently i on notes (title); ${on}`)).toEqual([
      "rls-not-enabled 1.sql:1:1",
    ]);
    expect(
      await findAfterBase(`drop policy notes_floor on notes;\ncommit;\n${floor("notes_floor", "notes")}`),
    ).toEqual(["policy-gap 1.sql:1:1"]);
  });

  it("is not judged where it has been merged, and a later migration restores it", async () => {
    const migrations = [
      BASE,
      `alter table documents disable row level security; drop policy notes_floor on notes; grant all on notes to public;`,
      `alter table documents enable row level security; ${floor("notes_floor", "notes")} revoke all on notes from public;`,
    ];
    expect(await findIn(migrations, 3)).toEqual([]);
    expect(await findIn(migrations.slice(0, 2), 3)).toHaveLength(3);
    expect((await findIn(migrations, 0)).map((found) => found.split(" ")[0])).toEqual([
      "rls-not-enabled",
      "policy-gap",
      "grant-too-wide",
    ]);
  });

  it("lets the completion follow what drizzle-kit has written", async () => {
    const folder = [
      `create table documents (creator_id uuid not null, title text);\n--> statement-breakpoint\nalter table documents enable row level security;`,
      BASE.replace(/create table documents [^;\n]*\n-->/, "select 1\n-->"),
    ];
    expect(await findIn(folder, 2)).toEqual([]);
    expect(await findIn(folder, 0)).toEqual(["rls-not-forced 0.sql:3:1"]);
  });

  it("finds a table that a folder without any completion leaves open", async () => {
    expect(await findIn([`create table documents (creator_id uuid not null);`])).toEqual([
      "rls-not-enabled 0.sql:1:1",
    ]);
  });
});

it("reports a rule that throws, and does not pass in silence", async () => {
  const broken: SqlRule = {
    id: "broken",
    threats: [],
    check: () => {
      throw new Error("no such thing");
    },
  };
  const { findings } = await checkSql(
    expected,
    [{ name: "m", file: "0.sql", sql: BASE, isNew: true }],
    [broken],
  );
  expect(findings).toEqual([
    expect.objectContaining({
      rule: "rule-failed",
      level: "error",
      subject: "broken",
      detail: expect.stringContaining("no such thing"),
    }),
  ]);
});
