import type { Mutant } from "../mutant.js";
import { bound } from "../names.js";
import { byHand, code, importing, inBoth, sql } from "./plant.js";

const DEFINER = "language sql security definer";
const SAFE_PATH = "set search_path = pg_catalog, pg_temp";

/** Numbers 46 to 58: what stands around the tables. */
export const OBJECTS: readonly Mutant[] = inBoth({
  "46-code": {
    threats: [46],
    plant: (n) =>
      code(n, importing("pgView"), [
        "",
        `export const openX = pgViewX("open_x").as((q) => q.select().from(${n.exported}));\n`,
      ]),
  },
  "46-sql": {
    threats: [46],
    plant: (n) =>
      sql(
        `create view ${n.schema}.open_x as select * from ${n.table}`,
        `grant select on ${n.schema}.open_x to ${n.service}`,
      ),
  },
  "46-chain": {
    threats: [46],
    plant: (n) =>
      sql(
        `create view ${n.schema}.inner_x as select * from ${n.table}`,
        `create view ${n.schema}.outer_x with (security_invoker = true) as select * from ${n.schema}.inner_x`,
        `grant select on ${n.schema}.inner_x, ${n.schema}.outer_x to ${n.service}`,
      ),
  },
  // "A security invoker view will always check its underlying base relations using the permissions of the current user,
  // even if it is accessed from a view without the security_invoker property" (PostgreSQL, CREATE VIEW).
  "46-ok-chain": {
    threats: [46],
    clean: true,
    plant: (n) =>
      sql(
        `create view ${n.schema}.inner_x with (security_invoker = true) as select * from ${n.table}`,
        `create view ${n.schema}.outer_x as select * from ${n.schema}.inner_x`,
        `grant select on ${n.schema}.inner_x, ${n.schema}.outer_x to ${n.service}`,
      ),
  },
  "46-ok-code": {
    threats: [46],
    clean: true,
    plant: (n) =>
      code(n, importing("pgView"), [
        "",
        `export const openX = pgViewX("open_x").with({ securityInvoker: true }).as((q) => q.select().from(${n.exported}));\n`,
      ]),
  },
  "46-ok": {
    threats: [46],
    clean: true,
    plant: (n) =>
      sql(
        `create view ${n.schema}.open_x with (security_invoker = on) as select * from ${n.table}`,
        `grant select on ${n.schema}.open_x to ${n.service}`,
      ),
  },
  "47-code": {
    threats: [47],
    plant: (n) =>
      code(n, importing("pgMaterializedView"), [
        "",
        `export const countsX = pgMaterializedViewX("counts_x").as((q) => q.select().from(${n.exported}));\n`,
      ]),
  },
  "47-sql": {
    threats: [47],
    plant: (n) =>
      sql(
        `create materialized view ${n.schema}.counts_x as select ${n.column}, count(*) from ${n.table} group by 1`,
      ),
  },
  "47-ok": {
    threats: [47],
    clean: true,
    plant: (n) =>
      sql(
        `create materialized view ${n.schema}.counts_x as select * from ${n.table}`,
        `drop materialized view ${n.schema}.counts_x`,
      ),
  },
  "48-path": {
    threats: [48],
    plant: (n) =>
      sql(
        `create function ${n.schema}.count_x() returns bigint ${DEFINER} as 'select 1'`,
        `revoke execute on function ${n.schema}.count_x() from public`,
        `grant execute on function ${n.schema}.count_x() to ${n.service}`,
      ),
  },
  "48-public": {
    threats: [48],
    plant: (n) =>
      sql(`create function ${n.schema}.count_x() returns bigint ${DEFINER} ${SAFE_PATH} as 'select 1'`),
  },
  "48-temp": {
    threats: [48],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.count_x() returns bigint ${DEFINER} set search_path = pg_catalog as 'select 1'`,
        `revoke execute on function ${n.schema}.count_x() from public`,
        `grant execute on function ${n.schema}.count_x() to ${n.service}`,
      ),
  },
  "48-ok": {
    threats: [48],
    clean: true,
    plant: (n) =>
      sql(
        `create function ${n.schema}.count_x() returns bigint ${DEFINER} ${SAFE_PATH} as 'select 1'`,
        `revoke execute on function ${n.schema}.count_x() from public`,
        `grant usage on schema ${n.schema} to ${n.door}`,
        `alter function ${n.schema}.count_x() owner to ${n.door}`,
      ),
  },
  "49": {
    threats: [49],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.trigger_x() returns trigger language plpgsql security definer as 'begin return new; end'`,
        `create trigger x before insert on ${n.table} for each row execute function ${n.schema}.trigger_x()`,
      ),
  },
  "49-shared": {
    threats: [49],
    plant: (n) =>
      byHand(
        `create table ${n.schema}.all_changes (tenant ${n.type}, said text)`,
        `grant select, insert on ${n.schema}.all_changes to ${n.service}`,
        `create function ${n.schema}.trigger_x() returns trigger language plpgsql as 'begin insert into ${n.schema}.all_changes values (new.${n.column}, new.${n.text}); return new; end'`,
        `create trigger x before insert on ${n.table} for each row execute function ${n.schema}.trigger_x()`,
      ),
  },
  "49-ok": {
    threats: [49],
    clean: true,
    plant: (n) =>
      byHand(
        `create function ${n.schema}.trigger_x() returns trigger language plpgsql as 'begin return new; end'`,
        `create trigger x before insert on ${n.table} for each row execute function ${n.schema}.trigger_x()`,
      ),
  },
  "50": {
    threats: [50],
    plant: (n) =>
      sql(
        `create table ${n.schema}.child_x () inherits (${n.table})`,
        `grant select on ${n.schema}.child_x to ${n.service}`,
      ),
  },
  "50-ok": {
    threats: [50],
    clean: true,
    plant: (n) =>
      sql(
        `create table ${n.schema}.child_x () inherits (${n.table})`,
        `alter table ${n.schema}.child_x enable row level security, force row level security`,
        ...["permissive", "restrictive"].map(
          (kind) =>
            `create policy ${kind}_x on ${n.schema}.child_x as ${kind} for all to ${n.service} using (${bound(n)}) with check (${bound(n)})`,
        ),
      ),
  },
  "51-as": {
    threats: [51],
    plant: (n) => sql(`create table ${n.schema}.copy_x as select * from ${n.table}`),
  },
  "51-like": {
    threats: [51],
    plant: (n) =>
      sql(
        `create table ${n.schema}.copy_x (like ${n.table} including all)`,
        `grant select on ${n.schema}.copy_x to ${n.service}`,
      ),
  },
  "51-ok": {
    threats: [51],
    clean: true,
    plant: (n) =>
      sql(`create temporary table copy_x on commit drop as select * from ${n.table}`, "drop table copy_x"),
  },
  "52": {
    threats: [52],
    plant: (n) =>
      byHand(
        "create foreign data wrapper fdw_x",
        "create server server_x foreign data wrapper fdw_x",
        `create foreign table ${n.schema}.far_x (${n.column} ${n.type}) server server_x`,
        `grant select on ${n.schema}.far_x to ${n.service}`,
      ),
  },
  "52-ok": {
    threats: [52],
    clean: true,
    plant: () =>
      byHand("create foreign data wrapper fdw_x", "create server server_x foreign data wrapper fdw_x"),
  },
  "53": {
    threats: [53],
    plant: (n) =>
      byHand(
        `create rule rule_x as on update to ${n.table} do also update ${n.root} set ${n.rootText} = 'x'`,
      ),
  },
  "53-ok": {
    threats: [53],
    clean: true,
    plant: (n) =>
      byHand(
        `create rule rule_x as on update to ${n.table} do also update ${n.root} set ${n.rootText} = 'x'`,
        `drop rule rule_x on ${n.table}`,
      ),
  },
  "54": {
    threats: [54],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.peek_x(text) returns boolean language plpgsql leakproof cost 0.0001 as 'begin raise notice ''%'', $1; return true; end'`,
      ),
  },
  "54-ok": {
    threats: [54],
    clean: true,
    plant: (n) =>
      byHand(
        `create function ${n.schema}.peek_x(text) returns boolean language sql immutable not leakproof as 'select true'`,
      ),
  },
  "55-index": {
    threats: [55],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.note_x(value text) returns text language plpgsql immutable as 'begin insert into ${n.log} default values; return value; end'`,
        `create index note_x on ${n.table} (${n.column}, ${n.schema}.note_x(${n.text}))`,
      ),
  },
  "55-check": {
    threats: [55],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.note_x(value text) returns boolean language plpgsql volatile as 'begin perform pg_notify(''x'', value); return true; end'`,
        `alter table ${n.table} add constraint note_x check (${n.schema}.note_x(${n.text}))`,
      ),
  },
  "55-ok": {
    threats: [55],
    clean: true,
    plant: (n) =>
      byHand(
        `create index note_x on ${n.table} (${n.column}, lower(${n.text}))`,
        `alter table ${n.table} add constraint note_x check (char_length(${n.text}) < 10000)`,
      ),
  },
  "56": {
    threats: [56],
    plant: (n) =>
      byHand(
        `alter table ${n.table} add column scan oid`,
        `do $$ begin execute format('grant select on large object %s to ${n.service}', lo_from_bytea(0, 'x')); end $$`,
      ),
  },
  "56-ok": {
    threats: [56],
    clean: true,
    plant: (n) =>
      byHand(`alter table ${n.table} add column scan bytea`, `alter table ${n.table} drop column scan`),
  },
  "57": {
    threats: [57],
    plant: (n) =>
      byHand(
        `create sequence ${n.schema}.invoices_x`,
        `grant select, usage on sequence ${n.schema}.invoices_x to ${n.service}`,
      ),
  },
  "57-ok": { threats: [57], clean: true, plant: (n) => byHand(`create sequence ${n.schema}.invoices_x`) },
  "58": {
    threats: [58],
    plant: () =>
      byHand(
        "create schema cron",
        "create table cron.job (jobid bigint, schedule text, command text, username text)",
        "insert into cron.job values (1, '* * * * *', 'refresh materialized view counts', current_user)",
      ),
  },
  "58-ok": {
    threats: [58],
    clean: true,
    plant: () =>
      byHand(
        "create schema cron",
        "create table cron.job (jobid bigint, schedule text, command text, username text)",
      ),
  },
});

/** What only one of the two projects has. */
export const SHAPES: readonly Mutant[] = [
  {
    id: "other/50-partition",
    project: "other",
    threats: [50],
    plant: sql(
      `create table ops.readings_2027 partition of ops.readings for values from ('2027-01-01') to ('2028-01-01')`,
      `grant select on ops.readings_2027 to "Shop Service"`,
    ),
  },
  {
    id: "other/50-partition-by-hand",
    project: "other",
    threats: [50],
    plant: byHand(
      `alter table ops.readings_2026 disable row level security`,
      `grant select on ops.readings_2026 to "Shop Service"`,
    ),
  },
  {
    id: "other/50-ok-partition",
    project: "other",
    threats: [50],
    clean: true,
    plant: sql(`alter table ops.readings detach partition ops.readings_2026`, `drop table ops.readings_2026`),
  },
  {
    id: "other/51-attach",
    project: "other",
    threats: [51],
    plant: sql(
      `create table ops.readings_2027 (like ops.readings including defaults including constraints)`,
      `alter table ops.readings attach partition ops.readings_2027 for values from ('2027-01-01') to ('2028-01-01')`,
    ),
  },
  {
    id: "other/22-text",
    project: "other",
    threats: [22],
    plant: sql(
      `alter policy devices_tenant on ops.devices using (site_code = (select current_setting('shop.tenant', true))) with check (site_code = (select current_setting('shop.tenant', true)))`,
      `alter policy devices_floor on ops.devices using (site_code = (select current_setting('shop.tenant', true))) with check (site_code = (select current_setting('shop.tenant', true)))`,
    ),
  },
  {
    id: "other/57-identity",
    project: "other",
    threats: [57],
    plant: byHand(`grant select on sequence "CRM"."Deals_Number_seq" to "Shop Service"`),
  },
  {
    id: "other/57-ok-identity",
    project: "other",
    threats: [57],
    clean: true,
    plant: byHand(`alter sequence "CRM"."Deals_Number_seq" cache 50`),
  },
  {
    id: "other/55-ok-generated",
    project: "other",
    threats: [55],
    clean: true,
    plant: byHand(
      `alter table "CRM"."Contacts" add column tidy text generated always as ("CRM"."Tidy"("LastName")) stored`,
    ),
  },
  {
    id: "other/40-global",
    project: "other",
    threats: [40],
    plant: byHand(`grant update ("Code") on "CRM"."Currencies" to "Shop Service"`),
  },
  {
    id: "other/46-view-option",
    project: "other",
    threats: [46],
    plant: sql(`alter view "CRM"."Warm Contacts" reset (security_invoker)`),
  },
];
