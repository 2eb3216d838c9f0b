import { describe, expect, it } from "vitest";
import { SQL_RULES } from "../../src/isolation/sql/sql-rules.js";
import { E, findAfterBase } from "../fixtures/check/sql-project.js";

type Case = {
  /** Statements of one migration, or several migrations. */
  readonly breaks: string | readonly string[];
  /** Line and column in the first migration that is added; with the file where it is another. */
  readonly at: string;
  readonly level?: "warning";
  /** Migrations in place of `breaks` that are as they should be. */
  readonly fixed: string | readonly string[];
  readonly silent: readonly (string | readonly string[])[];
};

const definer = (path: string) =>
  `create function f(a int) returns int language sql security definer ${path} as 'select 1';`;

const CASES: Readonly<Record<string, Case>> = {
  "table-not-declared": {
    breaks: `create table stray (a int); grant select on stray to app_tenant;`,
    at: "1:1",
    fixed: `create table stray (a int); grant select on stray to app_tenant; drop table stray;`,
    silent: [
      `create schema elsewhere; create table elsewhere.stray (a int);`,
      `create temp table stray (a int);`,
      `create table if not exists notes (a int);`,
    ],
  },
  "rls-not-enabled": {
    breaks: `select 1;\nalter table documents disable row level security;`,
    at: "2:1",
    fixed: `alter table documents disable row level security;
update documents set title = '';
alter table documents enable row level security, force row level security;`,
    silent: [`alter table unknown_table disable row level security;`, `drop table notes;`],
  },
  "rls-not-forced": {
    breaks: `alter table "Billing"."Invoices" no force row level security;`,
    at: "1:1",
    fixed: `alter table "Billing"."Invoices" no force row level security; alter table "Billing"."Invoices" force row level security;`,
    silent: [`alter table other.documents no force row level security`],
  },
  "policy-missing": {
    breaks: `-- why\ndrop policy documents_floor on documents;`,
    at: "2:1",
    fixed: `drop policy documents_floor on documents; create policy documents_floor on documents as restrictive to app_tenant using (${E}) with check (${E});`,
    silent: [
      `drop policy if exists no_such_policy on documents;`,
      `create policy extra on documents to app_tenant using (${E}); drop policy extra on documents;`,
      `alter policy documents_floor on documents rename to x; alter policy x on documents rename to documents_floor;`,
    ],
  },
  "policy-gap": {
    breaks: [
      `drop policy notes_floor on notes;`,
      `create policy notes_floor on notes as restrictive to app_tenant using (${E}) with check (${E});`,
    ],
    at: "1:1",
    fixed: `drop policy notes_floor on notes;\ncreate policy notes_floor on notes as restrictive to app_tenant using (${E}) with check (${E});`,
    silent: [
      `create index concurrently i on notes (title); drop policy notes_floor on notes; create policy notes_floor on notes as restrictive to app_tenant using (${E});`,
    ],
  },
  "policy-not-tenant-bound": {
    breaks: `alter policy documents_floor on documents using (true);`,
    at: "1:1",
    fixed: `alter policy documents_floor on documents using (${E}) with check (${E});`,
    silent: [
      `alter policy documents_floor on documents using (title is not null and ${E});`,
      `create policy second on documents as restrictive to app_tenant using (title is not null);`,
      `alter policy documents_floor on documents to app_tenant, app_admin;`,
    ],
  },
  "policy-widens": {
    breaks: `create policy wide on documents to app_tenant using (true);`,
    at: "1:1",
    level: "warning",
    fixed: `create policy wide on documents to app_tenant using (${E} and title <> '');`,
    silent: [
      `create policy wide on documents to app_admin using (true);`,
      `create policy wide on countries for select to app_tenant using (true);`,
      `create policy wide on documents to app_tenant using (documents.${E});`,
      `create policy wide on documents to app_tenant using (true); drop policy wide on documents;`,
    ],
  },
  "tenant-column-invalid": {
    breaks: `alter table documents alter column creator_id drop not null;`,
    at: "1:1",
    fixed: `alter table documents alter column creator_id drop not null; alter table documents alter column creator_id set not null;`,
    silent: [`alter table documents alter column title drop not null;`],
  },
  "key-not-tenant-leading": {
    breaks: `select 1;\ncreate unique index documents_title_key on documents (title);`,
    at: "2:1",
    fixed: `create unique index documents_title_key on documents (creator_id, title);`,
    silent: [
      `create index i on documents (title);`,
      `create unique index i on documents (creator_id, lower(title)) where title <> '';`,
      `create unique index i on countries (code);`,
      `create unique index i on documents (title); drop index i;`,
      `alter table documents add constraint d_fk foreign key (creator_id, id) references notes (creator_id, id) on delete cascade;`,
      `alter table documents add constraint d_fk foreign key (title) references countries (code);`,
      `alter table documents add constraint d_fk foreign key (creator_id) references creators;`,
    ],
  },
  "foreign-key-set-null": {
    breaks: `alter table documents add constraint d_fk foreign key (creator_id, id) references notes (creator_id, id) on delete set null;`,
    at: "1:1",
    fixed: `alter table documents add constraint d_fk foreign key (creator_id, id) references notes (creator_id, id) on delete set null (id);`,
    silent: [
      `alter table documents add constraint d_fk foreign key (title) references countries (code) on delete set null;`,
      `alter table documents add constraint d_fk foreign key (creator_id, id) references notes (creator_id, id) on delete restrict;`,
    ],
  },
  "grant-too-wide": {
    breaks: `grant select, truncate on documents to app_tenant;`,
    at: "1:1",
    fixed: `grant truncate on documents to app_tenant; revoke all on documents from app_tenant; grant select on documents to app_tenant;`,
    silent: [
      `grant select, insert on documents to app_tenant;`,
      `grant all on documents to somebody_else;`,
      `grant usage on schema public to public; grant usage on all sequences in schema public to app_tenant;`,
    ],
  },
  "default-privileges": {
    breaks: `alter default privileges in schema public grant select on tables to app_tenant;`,
    at: "1:1",
    fixed: `alter default privileges in schema public grant select on tables to app_tenant; alter default privileges in schema public revoke all on tables from app_tenant;`,
    silent: [
      `alter default privileges in schema public grant select on tables to reporting;`,
      `alter default privileges in schema public grant usage on sequences to app_tenant;`,
    ],
  },
  "role-too-strong": {
    breaks: `alter role app_tenant bypassrls;`,
    at: "1:1",
    fixed: `alter role app_tenant bypassrls; alter role app_tenant nobypassrls;`,
    silent: [
      `create role service login; grant app_tenant to service;`,
      `alter table documents owner to app_tenant; alter table documents owner to migrator;`,
      `create role operator createrole;`,
      `alter function f() owner to app_door;`,
    ],
  },
  "role-not-confined": {
    breaks: `create role svc login in role app_tenant; grant app_admin to svc;`,
    at: "1:43",
    fixed: `create role svc login in role app_tenant; grant app_admin to svc; revoke app_admin from svc;`,
    silent: [
      `create role operator login in role app_admin;`,
      `grant app_tenant to svc; grant app_admin to svc with set false;`,
      `create role svc login; grant app_tenant to svc;`,
    ],
  },
  "setting-unsafe": {
    breaks: `alter role app_tenant set app.creator_id = '00000000-0000-7000-8000-000000000001';`,
    at: "1:1",
    fixed: `alter role app_tenant set app.creator_id = 'a'; alter role app_tenant reset app.creator_id;`,
    silent: [
      `alter role app_tenant set statement_timeout = '5s';`,
      `alter role app_tenant set search_path = "Billing", public;`,
      `alter role app_tenant set role = app_admin; alter role app_tenant reset all;`,
      `alter database app set role = none;`,
      `grant set on parameter log_min_messages to operator;`,
      `create function f() returns int language sql set search_path = '' as 'select 1';`,
      `create function f() returns int language sql set app.creator_id = 'a' as 'select 1'; alter function f() reset app.creator_id;`,
      `create function f() returns int language sql set app.creator_id = 'a' as 'select 1'; drop function f();`,
    ],
  },
  "internals-granted": {
    breaks: `grant select on pg_catalog.pg_statistic to app_tenant;`,
    at: "1:1",
    fixed: `grant select on pg_statistic to app_tenant; revoke select on pg_statistic from app_tenant;`,
    silent: [
      `grant select on pg_stat_statements to monitoring;`,
      `grant execute on function lower(text) to app_tenant;`,
      `create schema jobs; create table jobs.pg_queue (a int); grant select on jobs.pg_queue to app_tenant;`,
    ],
  },
  "large-object-open": {
    breaks: `grant select on large object 4711 to app_tenant;`,
    at: "1:1",
    fixed: `grant select on large object 4711 to app_tenant; revoke select on large object 4711 from app_tenant;`,
    silent: [`grant select on large object 4711 to archive;`, `select lower('lo_import');`],
  },
  "job-unbound": {
    breaks: `select cron.schedule('tidy', '@daily', 'delete from documents');`,
    at: "1:1",
    level: "warning",
    fixed: `select cron.unschedule('tidy');`,
    silent: [`create extension pg_cron;`, `create table if not exists notes (schedule text);`],
  },
  "view-not-security-invoker": {
    breaks: `create view v as select * from documents;`,
    at: "1:1",
    fixed: `create view v with (security_invoker = on) as select * from documents;`,
    silent: [
      `create view v as select * from countries;`,
      `create view v as select * from documents; alter view v set (security_invoker = true);`,
      `create view v as with documents as (select 1) select * from documents;`,
      `create view v as select * from documents; drop view v;`,
      `create temp view v as select * from documents;`,
    ],
  },
  "materialized-view-of-tenant-rows": {
    breaks: `create materialized view m as select count(*) from documents;`,
    at: "1:1",
    fixed: `create materialized view m as select count(*) from countries;`,
    silent: [`create materialized view m as select * from documents; drop materialized view m;`],
  },
  "function-security-definer": {
    breaks: definer("set search_path = pg_catalog, pg_temp"),
    at: "1:1",
    fixed: `${definer("set search_path = pg_catalog, pg_temp")} revoke execute on function f(int) from public;`,
    silent: [
      `alter default privileges revoke execute on functions from public; ${definer("set search_path = '', pg_temp")}`,
      `create function t() returns trigger language plpgsql security definer set search_path = pg_temp as 'begin end'; alter function t() owner to app_door;`,
      `${definer("set search_path = pg_catalog, pg_temp")} revoke execute on function f(int) from public; alter function f(int) owner to app_door;`,
      `create function g() returns int language sql as 'select 1';`,
      `${definer("")} drop function f(int);`,
    ],
  },
  "function-leakproof": {
    breaks: `create function g(int) returns int language sql leakproof as 'select 1';`,
    at: "1:1",
    fixed: `create function g(int) returns int language sql leakproof as 'select 1'; alter function g(int) not leakproof;`,
    silent: [`create function g(int) returns int language sql not leakproof as 'select 1';`],
  },
  "partition-without-policy": {
    breaks: `create table documents_2026 partition of documents for values in ('a');`,
    at: "1:1",
    fixed: `create table documents_2026 partition of documents for values in ('a');
alter table documents_2026 enable row level security, force row level security;
create policy p on documents_2026 to app_tenant using (${E});`,
    silent: [
      `create table c () inherits (countries);`,
      `create table c () inherits (documents); drop table c;`,
    ],
  },
  "table-copied": {
    breaks: `create table backup as select * from documents;`,
    at: "1:1",
    fixed: `create temp table backup as select * from documents;`,
    silent: [
      `create table c as select * from countries;`,
      `create table c (like documents including all); drop table c;`,
      `select * into temp t from documents;`,
    ],
  },
  "foreign-table": {
    breaks: `create foreign table far (a int) server s;`,
    at: "1:1",
    fixed: `create foreign table far (a int) server s; drop foreign table far;`,
    silent: [`create extension pgcrypto;`],
  },
  "rule-created": {
    breaks: `create rule r as on insert to documents do also insert into countries values ('a');`,
    at: "1:1",
    fixed: `create rule r as on insert to documents do also insert into countries values ('a'); drop rule r on documents;`,
    silent: [`comment on table documents is 'create rule r';`],
  },
  "publication-without-filter": {
    breaks: `create publication p for table documents;`,
    at: "1:1",
    fixed: `create publication p for table documents where (creator_id = '00000000-0000-0000-0000-000000000001');`,
    silent: [
      `create publication p for table countries;`,
      `create publication p for all tables; drop publication p;`,
    ],
  },
  "trigger-disabled": {
    breaks: `alter table documents disable trigger all;`,
    at: "1:1",
    fixed: `alter table documents disable trigger all; update documents set title = ''; alter table documents enable trigger all;`,
    silent: [
      `alter table documents disable trigger some_other;`,
      `alter table notes disable trigger all;`,
      `drop trigger tenantry_audit on notes;`,
      `set session_replication_role = origin;`,
    ],
  },
  "session-level-context": {
    breaks: `set app.creator_id = 'a';`,
    at: "1:1",
    fixed: `set local app.creator_id = 'a';`,
    silent: [
      `select set_config('app.creator_id', 'a', true);`,
      `set app.other = 'a';`,
      `set app.creator_id = 'a'; reset app.creator_id;`,
    ],
  },
  "row-security-off": {
    breaks: `set row_security = off;`,
    at: "1:1",
    level: "warning",
    fixed: `set local row_security = off;`,
    silent: [`set row_security = off; set row_security = on;`],
  },
  "system-catalog-changed": {
    breaks: `update pg_catalog.pg_class set relrowsecurity = false where relname = 'documents';`,
    at: "1:1",
    fixed: `select relrowsecurity from pg_catalog.pg_class where relname = 'documents';`,
    silent: [
      `create schema jobs; create table jobs.pg_queue (a int); insert into jobs.pg_queue values (1);`,
      `update documents set title = (select relname from pg_class limit 1);`,
      `comment on table documents is 'update pg_class';`,
    ],
  },
  "name-shadowed": {
    breaks: `create function public.current_setting(text, boolean) returns text language sql as 'select ''x''';`,
    at: "1:1",
    fixed: `create function public.current_creator(text, boolean) returns text language sql as 'select ''x''';`,
    silent: [
      `create operator public.= (leftarg = point3d, rightarg = point3d, function = same_point);`,
      `create cast (mood as text) with function show_mood(mood) as implicit;`,
    ],
  },
  "server-reached": {
    breaks: `copy documents to program 'gzip';`,
    at: "1:1",
    fixed: `copy documents to stdout;`,
    silent: [`create extension citext;`, `select log(2), lower('X');`],
  },
  "notify-carries-rows": {
    breaks: `create function tell() returns trigger language plpgsql as 'begin perform pg_notify(''x'', row_to_json(new)::text); return null; end';`,
    at: "1:1",
    level: "warning",
    fixed: `create function tell() returns trigger language plpgsql as 'begin perform pg_notify(''x'', new.id::text); return null; end';`,
    silent: [
      `create function tell() returns trigger language plpgsql as 'begin perform pg_notify(''x'', ''new''); return null; end';`,
    ],
  },
  "dynamic-sql": {
    breaks: `do $$ declare t text; begin for t in select relname from pg_class loop\nexecute format('alter table %I disable row level security', t); end loop; end $$;`,
    at: "2:1",
    fixed: `do $$ begin execute format('alter table %I enable row level security', 'documents'); end $$;`,
    silent: [
      `do $$ begin create type mood as enum ('sad'); exception when duplicate_object then null; end $$;`,
      `do $$ begin -- grant nothing\n perform 1; end $$;`,
      `create function provision() returns void language plpgsql as 'begin execute ''grant select on a to b''; end';`,
    ],
  },
};

const asList = (migrations: string | readonly string[]) => [migrations].flat();

describe("the rules over SQL", () => {
  it("all have a case here", () => {
    expect(Object.keys(CASES)).toEqual(SQL_RULES.map(({ id }) => id));
  });

  it("find nothing in a first migration that makes all that the schema demands", async () => {
    expect(await findAfterBase()).toEqual([]);
  });

  describe.each(Object.entries(CASES))("%s", (id, { breaks, at, level, fixed, silent }) => {
    it("finds what breaks it, once, and nothing when it is mended", async () => {
      const prefix = level === undefined ? "" : `${level} `;
      expect(await findAfterBase(...asList(breaks))).toEqual([`${prefix}${id} 1.sql:${at}`]);
      expect(await findAfterBase(...asList(fixed))).toEqual([]);
    });

    it.each(silent.map((migrations) => [asList(migrations)]))("is silent on %j", async (migrations) => {
      expect(await findAfterBase(...migrations)).toEqual([]);
    });
  });
});
