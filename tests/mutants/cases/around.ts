import type { Mutant } from "../mutant.js";
import { byHand, code, importing, inBoth, service } from "./plant.js";

/** What surrounds the tables: who can turn into whom, what sessions begin with, what counts, computes or lies beside them. */
export const AROUND: readonly Mutant[] = inBoth({
  "36-becomes": {
    threats: [36],
    plant: (n) => byHand(`create role mutant_login login in role ${n.service}, ${n.admin}`),
  },
  "36-becomes-chain": {
    threats: [36],
    plant: (n) =>
      byHand(
        `create role mutant_step in role ${n.admin}`,
        "create role mutant_group in role mutant_step",
        `create role mutant_login login in role ${n.service}, mutant_group`,
      ),
  },
  "36-becomes-ok": {
    threats: [36],
    clean: true,
    plant: (n) => byHand(`create role mutant_login login in role ${n.admin}`),
  },
  "84-chain": {
    threats: [84],
    plant: (n) =>
      byHand(
        `create role mutant_step in role ${n.door}`,
        `create role mutant_login login in role ${n.service}, mutant_step`,
      ),
  },
  "84-ok-member": {
    threats: [84],
    clean: true,
    plant: (n) => byHand(`create role mutant_owner in role ${n.door}`),
  },
  "11-own-grant": {
    threats: [11],
    plant: (n) =>
      byHand(
        `create role mutant_login login noinherit in role ${n.service}`,
        `grant select on ${n.table} to mutant_login`,
      ),
  },
  "11-ok-own-grant": {
    threats: [11],
    clean: true,
    plant: (n) => byHand(`create role mutant_login login noinherit in role ${n.service}`),
  },
  "85-replica": {
    threats: [85],
    unseenBy: { probe: "probes do not log in, so that what a role begins with is not set" },
    plant: (n) => byHand(`alter role ${n.service} set session_replication_role = replica`),
  },
  "85-parameter": {
    threats: [85],
    unseenBy: { probe: "no probe changes the settings that superusers keep" },
    plant: (n) => byHand(`grant set on parameter session_replication_role to ${n.service}`),
  },
  "85-ok-setting": {
    threats: [85],
    clean: true,
    plant: (n) =>
      byHand(
        `alter role ${n.service} set statement_timeout = 5000`,
        "create role mutant_etl",
        "alter role mutant_etl set session_replication_role = replica",
      ),
  },
  "36-begins": {
    threats: [36],
    plant: (n) => byHand(`alter role ${n.service} set role = ${n.admin}`),
  },
  "57-set": {
    threats: [57],
    plant: (n) =>
      byHand(
        `create sequence ${n.schema}."Numbers x"`,
        `grant update on sequence ${n.schema}."Numbers x" to public`,
      ),
  },
  "57-key": {
    threats: [57],
    plant: (n) =>
      byHand(
        `alter table ${n.table} add column "No x" bigserial, add constraint no_x unique (${n.column}, "No x")`,
      ),
  },
  "57-ok-key": {
    threats: [57],
    clean: true,
    plant: (n) =>
      byHand(
        `alter table ${n.table} add column "No x" uuid, add constraint no_x unique (${n.column}, "No x")`,
        `create sequence ${n.schema}.tickets_x`,
        `grant usage on sequence ${n.schema}.tickets_x to ${n.service}`,
      ),
  },
  "55-generated": {
    threats: [55],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.note_x(value text) returns text language sql immutable as 'select value || (select count(*) from ${n.root})'`,
        `alter table ${n.table} add column noted text generated always as (${n.schema}.note_x(${n.text})) stored`,
      ),
  },
  "55-default": {
    threats: [55],
    plant: (n) =>
      byHand(
        "create role mutant_owner",
        `create function ${n.schema}.note_x() returns text language plpgsql as 'begin perform pg_notify(''x'', ''y''); return null; end'`,
        `grant create on schema ${n.schema} to mutant_owner`,
        `alter function ${n.schema}.note_x() owner to mutant_owner`,
        `revoke create on schema ${n.schema} from mutant_owner`,
        `alter table ${n.table} alter column ${n.text} set default ${n.schema}.note_x()`,
      ),
  },
  "55-ok-function": {
    threats: [55],
    clean: true,
    plant: (n) =>
      byHand(
        `create function ${n.schema}.low_x(value text) returns text language plpgsql immutable as 'begin return lower(trim(both from value)); end'`,
        `create index low_x on ${n.table} (${n.column}, ${n.schema}.low_x(${n.text}))`,
        `create function ${n.schema}.luck_x() returns text language sql as 'select random()::text'`,
        `alter table ${n.table} alter column ${n.text} set default ${n.schema}.luck_x()`,
      ),
  },
  "56-owner": {
    threats: [56],
    plant: (n) => byHand("select lo_create(47110)", `alter large object 47110 owner to ${n.service}`),
  },
  "56-ok-large": {
    threats: [56],
    clean: true,
    plant: (n) => byHand("select lo_create(47110)", `grant select on large object 47110 to ${n.admin}`),
  },
  "58-ok-upkeep": {
    threats: [58],
    clean: true,
    plant: (n) =>
      byHand(
        "create schema cron",
        "create table cron.job (jobid bigint, schedule text, command text, username text)",
        `insert into cron.job values (1, '@daily', 'vacuum (analyze) ${n.table}', current_user)`,
      ),
  },
  "52-server": {
    threats: [52],
    plant: (n) =>
      byHand(
        "create foreign data wrapper far_x",
        'create server "Away x" foreign data wrapper far_x',
        `grant usage on foreign server "Away x" to ${n.service}`,
      ),
  },
  "52-ok-server": {
    threats: [52],
    clean: true,
    plant: () =>
      byHand("create foreign data wrapper far_x", 'create server "Away x" foreign data wrapper far_x'),
  },
  "45-filter": {
    threats: [45],
    plant: (n) => byHand(`create publication mutant_some for table ${n.table} where (${n.text} <> '')`),
  },
  "39-sequences": {
    threats: [39],
    plant: (n) => byHand(`alter default privileges grant all on sequences to ${n.service}`),
  },
  "39-ok-sequences": {
    threats: [39],
    clean: true,
    plant: (n) => byHand(`alter default privileges grant usage on sequences to ${n.service}`),
  },
  "68-statistics": {
    threats: [68],
    plant: (n) => byHand(`grant select (stavalues1) on pg_catalog.pg_statistic to ${n.service}`),
  },
  "68-ok-statistics": {
    threats: [68],
    clean: true,
    plant: (n) => byHand(`grant select on pg_catalog.pg_stats to ${n.service}`),
  },
  "86-flag": {
    threats: [86],
    plant: (n) =>
      code(
        n,
        importing("boolean", "unique"),
        [n.columns, `isDeleted: booleanX("Is_Deleted"),\n    ${n.columns}`],
        [n.isolated, `${n.isolated}\n    uniqueX("live_x").on(t.${n.property}, t.${n.textProperty}),`],
      ),
  },
  "33-cursor-template": {
    threats: [33],
    plant: () => service("await tx.execute(sql`declare %{name} no scroll cursor with hold for %{query}`);"),
  },
  "33-ok-drop": {
    threats: [33],
    clean: true,
    plant: () => service("await tx.execute(sql`create temp table found on commit drop as select 1`);"),
  },
  "71-client": {
    threats: [71],
    plant: () => service('await sql.notify("documents", JSON.stringify(row));'),
  },
  "71-ok-client": {
    threats: [71],
    clean: true,
    plant: () => service('await sql.notify("documents", JSON.stringify({ id: row.id }));'),
  },
  "80-hosted": {
    threats: [80],
    plant: () => service("const db = drizzle(`postgresql://postgres.abcd:%{secret}@pooler:6543/postgres`);"),
  },
  "80-ok-login": {
    threats: [80],
    clean: true,
    plant: () => service("const db = drizzle(`postgresql://widgets:%{secret}@localhost/postgres`);"),
  },
});
