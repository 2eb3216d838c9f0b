import type { Mutant } from "../mutant.js";
import { bound } from "../names.js";
import { inBoth, sql, unquoted } from "./plant.js";

const DEFINER = "returns bigint language sql security definer";
const SETTINGS_UNREAD = "what is stored with a role is not read from the catalog";

/** What somebody may write into a migration by hand, and what looks like it. */
export const HAND_WRITTEN: readonly Mutant[] = inBoth({
  "59-constraint": {
    threats: [59],
    plant: (n) => sql(`alter table ${n.table} add constraint all_x unique (${n.text})`),
  },
  "59-using-index": {
    threats: [59],
    plant: (n) =>
      sql(
        `create unique index all_x on ${n.table} (${n.text})`,
        `alter table ${n.table} add constraint all_y unique using index all_x`,
      ),
  },
  "59-ok-constraint": {
    threats: [59],
    clean: true,
    plant: (n) => sql(`alter table ${n.table} add constraint all_x unique (${n.column}, ${n.text}, id)`),
  },
  "59-ok-dropped": {
    threats: [59],
    clean: true,
    plant: (n) =>
      sql(
        `create unique index all_x on ${n.table} (${n.text})`,
        `alter index ${n.schema}.all_x rename to all_y`,
        `drop index ${n.schema}.all_y`,
      ),
  },
  "62-column": {
    threats: [62],
    plant: (n) =>
      sql(
        `alter table ${n.table} add constraint loose_key unique (id)`,
        `alter table ${n.child} drop constraint ${n.referenceKey}`,
        `alter table ${n.child} add constraint loose_x foreign key (${n.reference}) references ${n.table} (id) not valid`,
      ),
  },
  "62-ok-column": {
    threats: [62],
    clean: true,
    plant: (n) =>
      sql(
        `alter table ${n.child} add constraint second_x foreign key (${n.column}, ${n.reference}) references ${n.table}`,
      ),
  },
  "63-set-null": {
    threats: [63],
    unseenBy: {
      catalog: "the deletion fails, since the tenant column is not null",
      probe: "the deletion fails, since the tenant column is not null",
    },
    plant: (n) =>
      sql(
        `alter table ${n.child} drop constraint ${n.referenceKey}`,
        `alter table ${n.child} add constraint loose_x foreign key (${n.column}, ${n.reference}) references ${n.table} (${n.column}, id) on delete set null`,
      ),
  },
  "63-ok-set-null": {
    threats: [63],
    clean: true,
    plant: (n) =>
      sql(
        `alter table ${n.child} drop constraint ${n.referenceKey}`,
        `alter table ${n.child} add constraint second_x foreign key (${n.column}, ${n.reference}) references ${n.table} (${n.column}, id) on delete set null (${n.reference})`,
      ),
  },
  "64-sql": {
    threats: [59, 64],
    plant: (n) => sql(`alter table ${n.table} add constraint apart_x exclude using btree (${n.text} with =)`),
  },
  "64-ok-sql": {
    threats: [59, 64],
    clean: true,
    plant: (n) =>
      sql(
        `alter table ${n.table} add constraint apart_x exclude using btree (${n.column} with =, ${n.text} with =, id with =)`,
      ),
  },
  "79-overload": {
    threats: [79],
    plant: (n) =>
      sql(
        `create function mutant_x(a int) returns void language plpgsql as 'begin alter table ${n.table} no force row level security; end'`,
        `create function mutant_x(a text) returns void language plpgsql as 'begin alter table ${n.table} force row level security; end'`,
        "select mutant_x(1)",
      ),
  },
  "79-ok-overload": {
    threats: [79],
    clean: true,
    plant: () =>
      sql(
        `create function mutant_x(a int) returns int language sql as 'select a'`,
        `create function mutant_x(a text) returns text language sql as 'select a'`,
        "select mutant_x(1), mutant_x('a')",
      ),
  },
  "79-in-block": {
    threats: [79],
    plant: (n) => sql(`do $$ begin alter table ${n.table} no force row level security; end $$`),
  },
  "79-put-together": {
    threats: [79],
    plant: (n) =>
      sql(
        `do $$ declare t constant text := '${n.table}'; begin execute 'alter table ' || t || ' dis' || 'able row level security'; end $$`,
      ),
  },
  "79-hidden": {
    threats: [79],
    plant: (n) =>
      sql(
        `do $$ begin execute convert_from(decode('${Buffer.from(`alter table ${n.table} disable row level security`).toString("hex")}', 'hex'), 'utf8'); end $$`,
      ),
  },
  "79-forged": {
    threats: [36, 79],
    plant: (n) =>
      sql(
        `-- tenantry: completion, what drizzle-kit cannot write
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'mutant_none') then
    execute pg_catalog.format('grant %I to %I', 'pg_read_all_data', '${unquoted(n.service)}');
  end if;
end
$body$`,
        "-- tenantry: end",
      ),
  },
  "79-ok-block": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        `do $$ begin alter table ${n.table} disable row level security; update ${n.table} set ${n.text} = ${n.text}; execute '${`alter table ${n.table} enable row level security`.replaceAll("'", "''")}'; end $$`,
      ),
  },
  "79-ok-maybe": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        `do $$ begin if not exists (select from pg_class where relname = 'maybe_x') then create index maybe_x on ${n.table} (${n.column}, ${n.text}); end if; end $$`,
      ),
  },
  "79-ok-function": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        `create function ${n.schema}.ready_x() returns void language plpgsql as 'begin analyze ${n.table}; end'`,
        `do $$ begin perform ${n.schema}.ready_x(); end $$`,
      ),
  },
  "79-ok-enum": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        `do $$ begin create type ${n.schema}.mood_x as enum ('sad'); exception when duplicate_object then null; end $$`,
      ),
  },
  "79-row-of-catalog": {
    threats: [79],
    plant: (n) => sql(`update pg_class set relrowsecurity = false where oid = '${n.table}'::regclass`),
  },
  "79-ok-catalog": {
    threats: [79],
    clean: true,
    plant: (n) => sql(`select relrowsecurity from pg_class where oid = '${n.table}'::regclass`),
  },
  "79-rolled-back": {
    threats: [79],
    plant: (n) =>
      sql(
        `alter table ${n.table} disable row level security`,
        "savepoint before_x",
        `alter table ${n.table} enable row level security`,
        "rollback to savepoint before_x",
      ),
  },
  "79-ok-rolled-back": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        "savepoint before_x",
        `alter table ${n.table} disable row level security`,
        "rollback to savepoint before_x",
      ),
  },
  "79-drop-owned": { threats: [79], plant: (n) => sql(`drop owned by ${n.service}`) },
  "79-ok-drop-owned": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        "create role mutant_guest",
        `grant select on ${n.table} to mutant_guest`,
        "drop owned by mutant_guest",
      ),
  },
  "79-temporary": {
    threats: [79],
    plant: (n) =>
      sql(
        `set local search_path = ${n.schema}`,
        `alter table ${n.bare} disable row level security`,
        `create temporary table ${n.bare} (a int) on commit drop`,
        `alter table ${n.bare} enable row level security`,
      ),
  },
  "79-ok-temporary": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        `create temporary table ${n.bare} (a int) on commit drop`,
        `alter table ${n.bare} disable row level security`,
        `drop table ${n.bare}`,
      ),
  },
  "79-group": {
    threats: [36, 79],
    plant: (n) => sql("create role mutant_free bypassrls", `alter group mutant_free add user ${n.service}`),
  },
  "79-ok-group": {
    threats: [36, 79],
    clean: true,
    plant: () =>
      sql(
        "create role mutant_group",
        "create role mutant_login",
        "alter group mutant_group add user mutant_login",
      ),
  },
  "79-stored-role": {
    threats: [79],
    unseenBy: { catalog: SETTINGS_UNREAD },
    plant: (n) => sql(`alter role ${n.service} set role = 'pg_read_all_data'`),
  },
  "79-stored-path": {
    threats: [79],
    unseenBy: { catalog: SETTINGS_UNREAD },
    plant: (n) => sql(`alter role ${n.service} set search_path = mutant_x, pg_catalog`),
  },
  "79-ok-stored": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        `alter role ${n.service} set statement_timeout = '5s'`,
        `alter role ${n.service} set search_path = ${n.schema}`,
      ),
  },
  "79-ok-set-role": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(`set local role ${n.admin}`, `update ${n.table} set ${n.text} = ${n.text}`, "reset role"),
  },
  "85-other-function": {
    threats: [79, 85],
    unseenBy: {
      catalog:
        "the rule reads a trigger's name and whether it runs; the comparison with the code reads its function",
      probe: "what is not written cannot be read by another",
    },
    plant: (n) =>
      sql(
        `create function ${n.schema}.nothing_x() returns trigger language plpgsql as 'begin return null; end'`,
        `create or replace trigger tenantry_audit after insert or update or delete on ${n.table} for each row execute function ${n.schema}.nothing_x()`,
      ),
  },
  "85-ok-again": {
    threats: [79, 85],
    clean: true,
    plant: (n) =>
      sql(
        `alter table ${n.table} disable trigger tenantry_audit`,
        `update ${n.table} set ${n.text} = ${n.text}`,
        `alter table ${n.table} enable trigger tenantry_audit`,
      ),
  },
  "50-shared-parent": {
    threats: [50],
    unseenBy: { probe: "services cannot reach this parent" },
    plant: (n) =>
      sql(
        "create schema mutant_x",
        "create table mutant_x.all_rows (id uuid not null)",
        `alter table ${n.table} inherit mutant_x.all_rows`,
      ),
  },
  "50-ok-parent": {
    threats: [50],
    clean: true,
    plant: (n) =>
      sql(
        "create schema mutant_x",
        "create table mutant_x.all_rows (id uuid not null)",
        `alter table ${n.table} inherit mutant_x.all_rows`,
        `alter table ${n.table} no inherit mutant_x.all_rows`,
      ),
  },
  "48-owner": {
    threats: [48],
    plant: (n) =>
      sql(
        `create function ${n.schema}.count_x() ${DEFINER} set search_path = pg_catalog, pg_temp as 'select count(*) from ${n.table}'`,
        `revoke execute on function ${n.schema}.count_x() from public`,
        `grant execute on function ${n.schema}.count_x() to ${n.service}`,
      ),
  },
  "48-order": {
    threats: [48],
    unseenBy: { catalog: "of a search path the rule over the catalog reads the end" },
    plant: (n) =>
      sql(
        `create function ${n.schema}.count_x() ${DEFINER} set search_path = ${n.schema}, pg_catalog, pg_temp as 'select 1'`,
        `revoke execute on function ${n.schema}.count_x() from public`,
        `grant usage on schema ${n.schema} to ${n.door}`,
        `alter function ${n.schema}.count_x() owner to ${n.door}`,
        `grant execute on function ${n.schema}.count_x() to ${n.service}`,
      ),
  },
  "48-ok-nobody": {
    threats: [48],
    clean: true,
    plant: (n) =>
      sql(
        `create function ${n.schema}.count_x() ${DEFINER} set search_path = pg_catalog, pg_temp as 'select 1'`,
        `revoke execute on function ${n.schema}.count_x() from public`,
      ),
  },
  "46-replaced": {
    threats: [46],
    plant: (n) =>
      sql(
        `create view ${n.schema}.open_x with (security_invoker = true) as select * from ${n.table}`,
        `grant select on ${n.schema}.open_x to ${n.service}`,
        `create or replace view ${n.schema}.open_x as select * from ${n.table}`,
      ),
  },
  "46-ok-replaced": {
    threats: [46],
    clean: true,
    plant: (n) =>
      sql(
        `create view ${n.schema}.open_x with (security_invoker = true) as select * from ${n.table}`,
        `grant select on ${n.schema}.open_x to ${n.service}`,
        `create or replace view ${n.schema}.open_x with (security_invoker) as select * from ${n.table} where true`,
      ),
  },
  "18-renamed": {
    threats: [18],
    plant: (n) =>
      sql(
        `alter table ${n.table} rename column ${n.column} to former_x`,
        `alter table ${n.table} add column ${n.column} ${n.type}`,
      ),
  },
  "18-ok-renamed": {
    threats: [18],
    clean: true,
    plant: (n) =>
      sql(
        `alter table ${n.table} rename column ${n.column} to former_x`,
        `alter table ${n.table} rename column former_x to ${n.column}`,
      ),
  },
  "7-in-block": {
    threats: [7],
    plant: (n) =>
      sql(
        `do $$ begin execute 'alter policy ${n.policies.floor} on ${n.table} using (true)'; alter policy ${n.policies.tenant} on ${n.table} using (true); end $$`,
      ),
  },
  "7-ok-in-block": {
    threats: [7],
    clean: true,
    plant: (n) =>
      sql(`do $$ begin alter policy ${n.policies.floor} on ${n.table} using (${bound(n)}); end $$`),
  },
});
