import { describe, expect, it } from "vitest";
import { E, findAfterBase } from "../fixtures/check/sql-project.js";

const definer = (path: string, more = "") =>
  `create function f() returns int language sql security definer set search_path = ${path} as 'select 1'; revoke execute on function f() from public; grant execute on function f() to app_tenant; ${more}`;
const notes = `create policy notes_tenant on notes to app_tenant using (${E}); create policy notes_floor on notes as restrictive to app_tenant using (${E}); create policy notes_admin on notes to app_admin using (true) with check (true);`;
const remade = (columns: string) =>
  `drop table notes; create table notes (${columns}); alter table notes enable row level security, force row level security; ${notes}`;

describe("by hand, and in passing", () => {
  it.each([
    // Roles that can become more, and functions that are another tenant.
    ["role-not-confined", `create user svc in group app_admin, app_tenant`],
    ["role-not-confined", `create role svc login; grant app_tenant, app_door to svc`],
    ["role-not-confined", `create role ops; grant app_admin to ops; create role svc in role app_tenant, ops`],
    [
      "role-not-confined",
      `grant app_tenant to svc; grant app_admin to svc with set false, admin true; grant app_admin to other`,
    ],
    [
      "setting-unsafe",
      `create function f() returns text language sql set app.creator_id = 'x' as 'select 1'`,
    ],
    [
      "setting-unsafe",
      `create function f() returns int language sql as 'select 1'; alter function f() set "APP.creator_id" to 'x'`,
    ],
    // Keys.
    ["key-not-tenant-leading", `create unique index concurrently u on documents (title)`],
    ["key-not-tenant-leading", `create unique index on only "Billing"."Invoices" ((creator_id::text))`],
    ["key-not-tenant-leading", `alter table documents add column slug text unique`],
    [
      "key-not-tenant-leading",
      `alter table documents drop constraint documents_pkey, add primary key (id, creator_id)`,
    ],
    [
      "key-not-tenant-leading",
      `create unique index u on notes (id); alter table notes add constraint x unique using index u`,
    ],
    ["key-not-tenant-leading", `alter table documents add exclude using btree (title with =)`],
    [
      "key-not-tenant-leading",
      `alter table documents add exclude using gist (creator_id with <>, title with =)`,
    ],
    ["key-not-tenant-leading", `alter table documents add column note_id uuid references notes`],
    [
      "key-not-tenant-leading",
      `alter table documents add foreign key (id, creator_id) references notes (creator_id, id)`,
    ],
    [
      "key-not-tenant-leading",
      `alter table documents add foreign key (id) references creators on delete cascade not valid`,
    ],
    [
      "key-not-tenant-leading",
      `create unique index u on documents (creator_id); alter table documents rename column title to x; drop index u; create unique index u on documents (x)`,
    ],
    ["key-not-tenant-leading", `alter table creators add column email text unique`],
    ["key-not-tenant-leading", remade("creator_id uuid not null, id uuid primary key, title text")],
    [
      "key-not-tenant-leading",
      `create table part partition of documents for values in ('a'); create unique index u on part (title); alter table part enable row level security, force row level security; create policy p on part to app_tenant using (${E})`,
    ],
    [
      "foreign-key-set-null",
      `alter table documents add foreign key (creator_id, id) references notes (creator_id, id) on update set null`,
    ],
    [
      "foreign-key-set-null",
      `alter table documents add foreign key (creator_id, id) references notes (creator_id, id) on delete set default (id, creator_id)`,
    ],
    // The tenant column.
    ["tenant-column-invalid", `alter table documents drop column creator_id cascade`],
    ["tenant-column-invalid", `alter table documents alter column creator_id type text`],
    [
      "tenant-column-invalid",
      `alter table documents rename column creator_id to x; alter table documents add column creator_id uuid not null`,
    ],
    [
      "tenant-column-invalid",
      remade("creator_id uuid, id uuid, primary key (creator_id, id)").replace(
        "primary key (creator_id, id)",
        "title text",
      ),
    ],
    // Roles.
    ["role-too-strong", `alter group pg_read_all_data add user app_tenant`],
    ["role-too-strong", `alter group app_admin add user app_tenant`],
    ["role-too-strong", `create role svc login; grant app_tenant to svc; grant postgres to svc`],
    ["role-too-strong", `create role svc login in role app_tenant; grant pg_monitor to svc`],
    ["role-too-strong", `create role svc in role app_tenant; alter table documents owner to svc`],
    ["role-too-strong", `alter routine f() owner to app_tenant`],
    ["role-too-strong", `alter role app_tenant rename to old; alter role app_admin rename to app_tenant`],
    ["role-too-strong", `set role app_admin`],
    ["role-too-strong", `set local role app_tenant`],
    ["role-too-strong", `set session authorization postgres`],
    ["policy-missing", `drop owned by app_admin`],
    // What is stored.
    ["setting-unsafe", `alter role svc set role = app_admin`],
    ["setting-unsafe", `alter database app set session_authorization = postgres`],
    ["setting-unsafe", `alter system set session_replication_role = replica`],
    ["warning setting-unsafe", `alter role all set row_security = off`],
    ["warning setting-unsafe", `alter role app_tenant set search_path = evil, public`],
    ["warning setting-unsafe", `alter database app set search_path = public, pg_catalog`],
    ["setting-unsafe", `alter role all in database app set app.creator_id = 'x'`],
    ["setting-unsafe", `grant set on parameter session_replication_role to public`],
    ["server-reached", `alter role app_tenant set local_preload_libraries = 'evil'`],
    // The server's own.
    ["system-catalog-changed", `with gone as (delete from pg_policy returning 1) select * from gone`],
    [
      "system-catalog-changed",
      `merge into pg_class c using (select 1) s on true when matched then update set relrowsecurity = false`,
    ],
    ["system-catalog-changed", `insert into pg_auth_members values (1, 2, 3, false)`],
    ["system-catalog-changed", `set allow_system_table_mods = on`],
    ["system-catalog-changed", `truncate pg_policy`],
    ["system-catalog-changed", `copy pg_authid from stdin`],
    [
      "system-catalog-changed",
      `create or replace function pg_catalog.current_setting(text, boolean) returns text language sql as 'select ''x'''`,
    ],
    ["name-shadowed", `create operator public.= (leftarg = uuid, rightarg = uuid, function = always)`],
    ["name-shadowed", `create cast (text as uuid) with function evil(text) as implicit`],
    ["internals-granted", `grant execute on function pg_catalog.pg_read_file(text) to public`],
    ["internals-granted", `grant execute on all functions in schema pg_catalog to app_tenant`],
    ["internals-granted", `create role svc in role app_tenant; grant select on pg_stat_statements to svc`],
    ["internals-granted", `grant usage on foreign server s to app_tenant`],
    ["server-reached", `copy (select * from documents) to '/tmp/x'`],
    ["server-reached", `load 'evil'`],
    ["server-reached", `select pg_read_file('/etc/passwd')`],
    ["server-reached", `explain analyze select pg_create_logical_replication_slot('a', 'pgoutput')`],
    ["warning server-reached", `create extension plpython3u`],
    ["warning server-reached", `create event trigger e on ddl_command_end execute function f()`],
    ["warning large-object-open", `select lo_import('/etc/passwd')`],
    ["warning foreign-table", `create server s foreign data wrapper postgres_fdw`],
    ["foreign-table", `create user mapping for public server s`],
    [
      "warning foreign-table",
      `create table x as select * from dblink('host=x', 'select 1') as t (a int); drop table x`,
    ],
    ["default-privileges", `alter default privileges grant create on schemas to public`],
    [
      "default-privileges",
      `create role svc in role app_tenant; alter default privileges grant select on tables to svc`,
    ],
    ["grant-too-wide", `create role svc in role app_tenant; grant truncate on documents to svc`],
    // Names that are not what they seem.
    [
      "rls-not-enabled",
      `set search_path = nowhere, public; alter table documents disable row level security`,
    ],
    [
      "rls-not-enabled",
      `set search_path = "$user", public; alter table documents disable row level security`,
    ],
    [
      "rls-not-enabled",
      `set local search_path = pg_catalog, "Billing"; alter table "Invoices" disable row level security`,
    ],
    [
      "rls-not-enabled",
      `set search_path = "Billing"; reset all; alter table documents disable row level security`,
    ],
    [
      "rls-not-enabled",
      `set search_path = "Billing"; discard all; alter table documents disable row level security`,
    ],
    [
      "rls-not-enabled",
      `select set_config('search_path', '"Billing", public', true); alter table "Invoices" disable row level security`,
    ],
    ["rls-not-enabled", `alter table U&"\\0064ocuments" disable row level security`],
    [
      "rls-not-enabled",
      `alter table documents disable row level security; create temp table documents (a int); alter table documents enable row level security`,
    ],
    // Objects around the table.
    [
      "partition-without-policy",
      `create schema x; create table x.parent (id uuid); alter table documents inherit x.parent`,
    ],
    ["partition-without-policy", `alter table documents inherit countries`],
    ["partition-without-policy", `alter table elsewhere.unknown attach partition documents default`],
    ["function-security-definer", definer("pg_catalog, pg_temp")],
    ["function-security-definer", definer("pg_catalog, pg_temp", "alter function f() owner to postgres")],
    [
      "function-security-definer",
      definer("evil, pg_catalog, pg_temp", "alter function f() owner to app_door"),
    ],
    ["function-security-definer", definer("pg_catalog, pg_temp", "alter function f() owner to app_door")],
    ["function-security-definer", definer("'pg_catalog, pg_temp'", "alter function f() owner to app_door")],
    ["function-security-definer", definer("pg_temp, pg_temp", "alter function f() owner to app_door")],
    ["function-security-definer", `alter routine unknown_f() security definer`],
    [
      "trigger-disabled",
      `create or replace trigger tenantry_audit after insert on documents for each row execute function evil()`,
    ],
    ["trigger-disabled", `drop function tenantry.audit_into_public_log() cascade`],
    [
      "warning trigger-disabled",
      `create or replace function tenantry.touch_updated_at() returns trigger language plpgsql as 'begin return null; end'`,
    ],
  ])("finds %s in %s", async (id, sql) => {
    const found = await findAfterBase(sql);
    expect([...new Set(found.map((each) => each.replace(/ \S+$/, "")))]).toEqual([id]);
  });

  it.each([
    `set local role app_admin; update documents set title = ''; reset role`,
    `grant app_admin to some_login; create role reporting in role app_admin`,
    `create temp table documents (a int); alter table documents disable row level security`,
    `create unique index u on notes (creator_id, title); alter table notes add constraint x unique using index u`,
    `alter table documents inherit countries; alter table documents no inherit countries`,
    `create role guest; grant select on notes to guest; drop owned by guest`,
    `alter role app_tenant rename to x; alter role x rename to app_tenant`,
    `alter table documents alter column creator_id type uuid`,
    `alter default privileges grant usage on schemas to app_tenant`,
    `select pg_catalog.set_config('search_path', '', false); alter table public.documents enable row level security`,
    remade(
      "creator_id uuid, id uuid, title text, constraint n not null creator_id, unique (creator_id, title)",
    ),
    `create schema x create table t (a int)`,
  ])("is silent on %s", async (sql) => {
    expect(await findAfterBase(sql)).toEqual([]);
  });
});
