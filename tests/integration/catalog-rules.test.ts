import { beforeAll, describe, expect, it } from "vitest";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import { CATALOG_RULES } from "../../src/isolation/audit.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { AROUND_CASES } from "./around-cases.js";
import type { RuleCase, Undone } from "./undone.js";
import { expectFoundOnce, prepareUndone } from "./undone.js";

const CONTEXT = "(select cast(nullif(current_setting('app.creator_id', true), '') as uuid))";
const E = `creator_id = ${CONTEXT}`;

const definer = (more: string) =>
  `create function peek() returns bigint language sql security definer ${more} as 'select count(*) from public.documents';`;

const CASES: readonly RuleCase[] = [
  {
    rule: "role-too-strong",
    what: "a login with BYPASSRLS (36)",
    breaks: "alter role $login bypassrls",
    finding: { subject: "$login" },
    fixes: "alter role $login nobypassrls",
    silent: "alter role $login createdb",
  },
  {
    rule: "role-too-strong",
    what: "a superuser as a service (35)",
    breaks: "alter role $login superuser",
    finding: { subject: "$login" },
    fixes: "alter role $login nosuperuser",
    silent: "create role $other superuser login",
  },
  {
    rule: "role-too-strong",
    what: "a login that can come to be a superuser (36)",
    breaks:
      "create role $other_boss superuser; create role $other in role $other_boss; grant $other to $login",
    finding: { subject: "$login" },
    fixes: "revoke $other from $login",
    silent: "create role $other nologin; grant $other to $login",
  },
  {
    rule: "role-too-strong",
    what: "a login that reads all data (44)",
    breaks: "grant pg_read_all_data to $login",
    finding: { subject: "$login" },
    fixes: "revoke pg_read_all_data from $login",
    silent: "grant pg_signal_backend to $login",
  },
  {
    rule: "role-too-strong",
    what: "replication rights (45)",
    breaks: "alter role $login replication",
    finding: { subject: "$login" },
    fixes: "alter role $login noreplication",
  },
  {
    rule: "role-too-strong",
    what: "a login that owns a table (37, 38)",
    breaks: "alter table documents owner to $login",
    finding: { subject: "$login" },
    fixes: "alter table documents owner to current_user",
    silent: "create role $other login; alter table documents owner to $other",
  },
  {
    rule: "role-too-strong",
    what: "a login in the owner's role (37)",
    breaks: "create role $other; alter table documents owner to $other; grant $other to $login",
    finding: { subject: "$other" },
    fixes: "revoke $other from $login",
  },
  {
    rule: "table-not-declared",
    what: "the ledger, opened",
    breaks:
      "grant usage on schema drizzle to app_tenant; grant select on drizzle.__drizzle_migrations to app_tenant",
    finding: { subject: "drizzle.__drizzle_migrations" },
    fixes: "revoke usage on schema drizzle from app_tenant",
    silent: "grant select on drizzle.__drizzle_migrations to public",
  },
  {
    rule: "table-not-declared",
    what: "a table of another schema that everybody can read",
    breaks:
      "create schema legacy; create table legacy.people (n int); grant usage on schema legacy to public; grant select on legacy.people to public",
    finding: { subject: "legacy.people" },
    fixes: "revoke select on legacy.people from public",
    silent:
      "create schema legacy; create table legacy.people (n int); grant usage on schema legacy to public",
  },
  {
    rule: "table-not-declared",
    what: "one of its columns",
    breaks:
      "create schema legacy; create table legacy.people (n int, m int); grant usage on schema legacy to app_tenant; grant select (m) on legacy.people to $login",
    finding: { subject: "legacy.people" },
    fixes: "drop table legacy.people",
  },
  {
    rule: "policy-reads-other-table",
    what: "a policy that asks an open table (15)",
    breaks: `create schema lists; create table lists.closed (id uuid);
      create policy documents_closed on documents as restrictive to app_tenant using (not exists (select from lists.closed c where c.id = documents.id))`,
    finding: { subject: "documents", level: "warning" },
    fixes: "alter table lists.closed enable row level security",
    silent: `create policy documents_talk on documents as restrictive to app_tenant using (exists (select from conversations))`,
  },
  {
    rule: "policy-recursive",
    what: "a policy that asks its own table (16)",
    breaks: `create policy documents_own on documents to app_tenant using (${E} and exists (select from documents d where d.version = 1))`,
    finding: { subject: "documents" },
    fixes: "drop policy documents_own on documents",
    silent: `create policy documents_own on documents to app_tenant using (${E} and documents.version = 1)`,
  },
  {
    rule: "policy-volatile",
    what: "random() in a policy (17)",
    breaks: `create policy documents_luck on documents to app_tenant using (${E} and random() < 2)`,
    finding: { subject: "documents", level: "warning" },
    fixes: "drop policy documents_luck on documents",
    silent: `create function steady() returns int stable language sql as 'select 1'; create policy documents_luck on documents to app_tenant using (${E} and now() > created_at and steady() = 1)`,
  },
  {
    rule: "policy-widens",
    what: "a policy that is open without a context (6, 7)",
    breaks: `create policy documents_open on documents for select to app_tenant using (${CONTEXT} is null or ${E})`,
    finding: { subject: "documents", level: "warning" },
    fixes: "drop policy documents_open on documents",
    silent: `create policy documents_ours on documents for select to app_tenant using (${E} and version > 1)`,
  },
  {
    rule: "tenant-column-invalid",
    what: "a tenant column that may be null (18)",
    breaks:
      "alter table jwt_blacklist drop constraint jwt_blacklist_pkey; alter table jwt_blacklist alter creator_id drop not null",
    finding: { subject: "jwt_blacklist" },
    fixes: "alter table jwt_blacklist alter creator_id set not null",
    silent: "alter table documents alter source drop not null",
  },
  {
    rule: "key-not-tenant-leading",
    what: "a reference whose tenant is compared with something else (62)",
    breaks: `alter table documents add column other_id uuid; alter table documents add constraint odd unique (creator_id, other_id, id);
      alter table conversations add column odd_id uuid;
      alter table conversations add constraint conversations_odd_fk foreign key (odd_id, creator_id, id) references documents (creator_id, other_id, id)`,
    finding: { subject: "conversations" },
    fixes: "alter table conversations drop constraint conversations_odd_fk",
    silent:
      "alter table conversations add column d uuid; alter table conversations add foreign key (d, creator_id) references documents (id, creator_id)",
  },
  {
    rule: "grant-too-wide",
    what: "TRUNCATE (41)",
    breaks: "grant truncate on documents to app_tenant",
    finding: { subject: "documents" },
    fixes: "revoke truncate on documents from app_tenant",
    silent: "grant select on documents to $login",
  },
  {
    rule: "grant-too-wide",
    what: "TRIGGER and REFERENCES for a login (42, 43)",
    breaks: "grant trigger, references on documents to $login",
    finding: { subject: "documents" },
    fixes: "revoke trigger, references on documents from $login",
    silent: "create role $other; grant trigger on documents to $other",
  },
  {
    rule: "grant-too-wide",
    what: "a column for PUBLIC (40)",
    breaks: "grant select (title) on documents to public",
    finding: { subject: "documents" },
    fixes: "revoke select (title) on documents from public",
  },
  {
    rule: "grant-too-wide",
    what: "CREATE on the schema (43)",
    breaks: "grant create on schema public to app_tenant",
    finding: { subject: "public" },
    fixes: "revoke create on schema public from app_tenant",
    silent: "create role $other; grant create on schema public to $other",
  },
  {
    rule: "grant-too-wide",
    what: "TEMP by name (43)",
    breaks: 'grant temporary on database "$db" to app_tenant',
    finding: { subject: "$db", level: "warning" },
    fixes: 'revoke temporary on database "$db" from app_tenant',
    silent: 'grant temporary on database "$db" to public',
  },
  {
    rule: "default-privileges",
    what: "the next table, open (39)",
    breaks: "alter default privileges in schema public grant select on tables to app_tenant",
    finding: { subject: "app_tenant" },
    fixes: "alter default privileges in schema public revoke select on tables from app_tenant",
    silent:
      "alter default privileges grant usage on sequences to app_tenant; alter default privileges grant select on tables to pg_monitor",
  },
  {
    rule: "view-not-security-invoker",
    what: "a view that reads as its owner (46)",
    breaks: "create view titles as select title from documents; grant select on titles to app_tenant",
    finding: { subject: "titles" },
    fixes: "alter view titles set (security_invoker = true)",
    silent: "create view clock as select now() as at; grant select on clock to app_tenant",
  },
  {
    rule: "view-not-security-invoker",
    what: "such a view in another schema (46)",
    breaks: `create schema reports; create view reports.all_titles as select title from documents;
      grant usage on schema reports to app_tenant; grant select on reports.all_titles to app_tenant`,
    finding: { subject: "reports.all_titles" },
    fixes: "alter view reports.all_titles set (security_invoker = on)",
    // Inside another view, too, it asks the policies of whoever runs the query.
    silent: `create view titles with (security_invoker) as select title from documents;
      create view all_titles as select * from titles; grant select on titles, all_titles to app_tenant`,
  },
  {
    rule: "materialized-view-of-tenant-rows",
    what: "a materialized view (47)",
    breaks: "create materialized view counts as select creator_id, count(*) from documents group by 1",
    finding: { subject: "counts", level: "warning" },
    fixes: "drop materialized view counts",
    silent: "create schema far; create materialized view far.ones as select 1 as one",
  },
  {
    rule: "function-security-definer",
    what: "a function with the caller's search_path (48)",
    breaks: `${definer("")} revoke execute on function peek() from public; grant execute on function peek() to app_tenant`,
    finding: { subject: "public.peek" },
    fixes: "drop function peek()",
    silent: `${definer("")} revoke execute on function peek() from public`,
  },
  {
    rule: "function-security-definer",
    what: "a function whose search_path does not end in pg_temp (48)",
    breaks: `${definer("set search_path = pg_catalog")} revoke execute on function peek() from public; grant execute on function peek() to $login`,
    finding: { subject: "public.peek" },
    fixes: "drop function peek()",
    silent: `${definer("set search_path = pg_catalog, pg_temp")} revoke execute on function peek() from public; alter function peek() owner to app_door`,
  },
  {
    rule: "function-security-definer",
    what: "a sound function, that anybody may execute (48)",
    breaks: definer("set search_path = pg_catalog, pg_temp"),
    finding: { subject: "public.peek" },
    fixes: "revoke execute on function peek() from public",
    silent: `create schema hidden; create function hidden.peek() returns int language sql security definer as 'select 1'`,
  },
  {
    rule: "function-security-definer",
    what: "a trigger function with its owner's rights (49)",
    breaks:
      "create function note() returns trigger language plpgsql security definer as 'begin return new; end'",
    finding: { subject: "public.note" },
    fixes: "alter function note() security invoker",
  },
  {
    rule: "function-leakproof",
    what: "a function that PostgreSQL trusts (54)",
    breaks: "create function trusted(text) returns boolean language sql leakproof as 'select true'",
    finding: { subject: "public.trusted" },
    fixes: "alter function trusted(text) not leakproof",
    silent: "create function plain(text) returns boolean language sql immutable as 'select true'",
  },
  {
    rule: "partition-without-policy",
    what: "a child that services can name (50)",
    breaks: "create table documents_old () inherits (documents); grant select on documents_old to app_tenant",
    finding: { subject: "documents_old" },
    fixes: `alter table documents_old enable row level security, force row level security;
      create policy t on documents_old to app_tenant using (${E}); create policy f on documents_old as restrictive to app_tenant using (${E})`,
    silent: `create table documents_old () inherits (documents); alter table documents_old enable row level security, force row level security;
      create policy t on documents_old to app_tenant using (${E}); create policy f on documents_old as restrictive to app_tenant using (${E})`,
  },
  {
    rule: "partition-without-policy",
    what: "a tenant table whose rows a shared parent shows (50)",
    breaks: `create schema far; create table far.all_notes (title text); alter table documents inherit far.all_notes`,
    finding: { subject: "documents" },
    fixes: "alter table documents no inherit far.all_notes",
  },
  {
    rule: "function-security-definer",
    what: "a sound function of an owner whom no policy binds, that services may execute (48)",
    breaks: `${definer("set search_path = pg_catalog, pg_temp")} revoke execute on function peek() from public; grant execute on function peek() to app_tenant`,
    finding: { subject: "public.peek" },
    fixes: "revoke execute on function peek() from app_tenant",
  },
  {
    rule: "function-security-definer",
    what: "a sound function of the door role that the schema does not declare (84)",
    breaks: `${definer("set search_path = pg_catalog, pg_temp")} revoke execute on function peek() from public; grant execute on function peek() to app_tenant; alter function peek() owner to app_door`,
    finding: { subject: "public.peek" },
    fixes: "drop function peek()",
  },
  {
    rule: "function-security-definer",
    what: "a door that anybody may pass (84)",
    breaks: "grant execute on function tenantry_doors.is_token_revoked(uuid, text) to public",
    finding: { subject: "tenantry_doors.is_token_revoked" },
    fixes: "revoke execute on function tenantry_doors.is_token_revoked(uuid, text) from public",
  },
  {
    rule: "foreign-table",
    what: "a foreign table (52)",
    breaks: `create foreign data wrapper w; create server s foreign data wrapper w; create foreign table far (a int) server s; grant select on far to app_tenant`,
    finding: { subject: "far" },
    fixes: "drop foreign table far",
    silent: "create foreign data wrapper w; create server s foreign data wrapper w",
  },
  {
    rule: "rule-created",
    what: "a rule of the rewrite system (53)",
    breaks: "create rule quiet as on delete to documents do instead nothing",
    finding: { subject: "documents" },
    fixes: "drop rule quiet on documents",
    silent: "create view v with (security_invoker) as select title from documents",
  },
  {
    rule: "publication-without-filter",
    what: "a publication of a table (45)",
    breaks: "create publication p for table documents",
    finding: { subject: "documents" },
    fixes: `alter publication p set table documents where (creator_id = '00000000-0000-0000-0000-000000000001')`,
    silent: "create publication p",
  },
  {
    rule: "publication-without-filter",
    what: "a publication of everything (45)",
    breaks: "create publication p for all tables",
    finding: { subject: "all tables" },
    fixes: "drop publication p",
  },
  {
    rule: "trigger-disabled",
    what: "an audit trigger that is off (85)",
    breaks: "alter table documents disable trigger tenantry_audit",
    finding: { subject: "documents" },
    fixes: "alter table documents enable trigger tenantry_audit",
    silent: "alter table documents enable always trigger tenantry_audit",
  },
];

let undone: Undone;
let database: TestDatabase;

beforeAll(async () => {
  ({ undone, database } = await prepareUndone());
});

describe("the rules over a live catalog", () => {
  it("find nothing in this project's own database", async () => {
    await undone(async ({ find }) => expect(await find()).toEqual([]));
  });

  it.each(CASES)("$rule finds $what, once, and nothing when it is mended", async (one) => {
    await undone(async (place) => await expectFoundOnce(one, place));
  });

  it.each(CASES.filter(({ silent }) => silent !== undefined))(
    "$rule is silent about what only looks like $what",
    async ({ silent }) => {
      await undone(async ({ find, run }) => {
        await run(silent ?? "");
        expect(await find()).toEqual([]);
      });
    },
  );

  it("says nothing of what extensions bring", async () => {
    await undone(async ({ find, run }) => {
      const names = ["pg_stat_statements", "pgcrypto", "citext", "pg_trgm", "hstore", "btree_gist"];
      const there = await run(
        `select name from pg_available_extensions where name in (${names.map((name) => `'${name}'`).join(", ")})`,
      );
      for (const { name } of there) await run(`create extension ${name}`);
      expect(await find()).toEqual([]);
    });
  });

  it("have a case each, or a test of their own", () => {
    const elsewhere = [
      "table-missing",
      "rls-not-enabled",
      "rls-not-forced",
      "policy-missing",
      "policy-not-tenant-bound",
      ...AROUND_CASES.map(({ rule }) => rule),
    ];
    const covered = new Set([...CASES.map(({ rule }) => rule), ...elsewhere]);
    expect(CATALOG_RULES.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
  });
});

describe("readCatalog inside an open transaction", () => {
  it("sees what the transaction has done, and leaves its search path as it was", async () => {
    const scope = { schemas: ["public"], roles: ["app_tenant"] };
    await database.admin.begin(async (session) => {
      await session.unsafe(
        "set local search_path = drizzle, public; alter table documents no force row level security",
      );
      const { relations } = await readCatalog(session, scope);
      expect(relations.find(({ name }) => name === "documents")?.forced).toBe(false);
      expect(await session`show search_path`).toEqual([{ search_path: "drizzle, public" }]);
    });
  });
});
