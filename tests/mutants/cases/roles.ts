import type { Mutant } from "../mutant.js";
import { byHand, inBoth, sql } from "./plant.js";

/** Numbers 35 to 45: roles and grants. */
export const ROLES: readonly Mutant[] = inBoth({
  "35": { threats: [35], plant: (n) => byHand(`alter role ${n.service} superuser`) },
  "35-login": {
    threats: [35],
    plant: (n) => byHand(`create role mutant_login login superuser in role ${n.service}`),
  },
  "35-ok": { threats: [35], clean: true, plant: () => byHand(`create role mutant_boss login superuser`) },
  "36": { threats: [36], plant: (n) => byHand(`alter role ${n.service} bypassrls`) },
  "36-indirect": {
    threats: [36],
    plant: (n) =>
      byHand(
        "create role mutant_free bypassrls",
        "create role mutant_step in role mutant_free",
        `create role mutant_login login in role ${n.service}, mutant_step`,
      ),
  },
  "36-ok": {
    threats: [36],
    clean: true,
    plant: (n) =>
      byHand("create role mutant_group", `create role mutant_login login in role ${n.service}, mutant_group`),
  },
  "37": { threats: [37], plant: (n) => byHand(`alter table ${n.table} owner to ${n.service}`) },
  "37-member": {
    threats: [37],
    plant: (n) =>
      byHand(
        "create role mutant_owner",
        `grant all on schema ${n.schema} to mutant_owner`,
        `alter table ${n.table} owner to mutant_owner`,
        `create role mutant_login login in role ${n.service}, mutant_owner`,
      ),
  },
  "37-ok": {
    threats: [37],
    clean: true,
    plant: (n) =>
      byHand(
        `create role mutant_owner in role ${n.admin}`,
        `grant all on schema ${n.schema} to mutant_owner`,
        `alter table ${n.table} owner to mutant_owner`,
      ),
  },
  "38": { threats: [38], plant: (n) => byHand(`alter schema ${n.schema} owner to ${n.service}`) },
  "38-ok": {
    threats: [38],
    clean: true,
    plant: (n) => byHand("create role mutant_owner", `alter schema ${n.schema} owner to mutant_owner`),
  },
  "39": {
    threats: [39],
    plant: (n) =>
      byHand(`alter default privileges in schema ${n.schema} grant select on tables to ${n.service}`),
  },
  "39-public": {
    threats: [39],
    plant: () => byHand("alter default privileges grant select on tables to public"),
  },
  "39-ok": {
    threats: [39],
    clean: true,
    plant: (n) =>
      byHand(
        "create role mutant_reporting",
        `alter default privileges in schema ${n.schema} grant select on tables to mutant_reporting`,
      ),
  },
  "40": { threats: [40], plant: (n) => byHand(`grant select on ${n.table} to public`) },
  "40-column": {
    threats: [40],
    plant: (n) => byHand(`grant update (${n.column}) on ${n.log} to ${n.service}`),
  },
  "40-ok": {
    threats: [40],
    clean: true,
    plant: (n) =>
      byHand(
        `grant select, insert on ${n.table} to ${n.service}`,
        `grant select (${n.text}) on ${n.table} to ${n.service}`,
      ),
  },
  "41": { threats: [41], plant: (n) => byHand(`grant truncate on ${n.table} to ${n.service}`) },
  "41-ok": {
    threats: [41],
    clean: true,
    plant: (n) => byHand("create role mutant_etl", `grant truncate on ${n.table} to mutant_etl`),
  },
  "42": { threats: [42], plant: (n) => byHand(`grant references on ${n.table} to ${n.service}`) },
  "42-ok": {
    threats: [42],
    clean: true,
    plant: (n) => byHand(`grant references on ${n.table} to ${n.admin}`),
  },
  "43-trigger": { threats: [43], plant: (n) => byHand(`grant trigger on ${n.table} to ${n.service}`) },
  "43-create": { threats: [43], plant: (n) => byHand(`grant create on schema ${n.schema} to ${n.service}`) },
  "43-temp": {
    threats: [43],
    plant: (n) =>
      byHand(
        `do $$ begin execute format('grant temporary on database %I to %s', current_database(), '${n.service}'); end $$`,
      ),
  },
  "43-ok": {
    threats: [43],
    clean: true,
    plant: (n) => byHand(`grant usage on schema ${n.schema} to ${n.service}`),
  },
  "44": { threats: [44], plant: (n) => byHand(`grant pg_read_all_data to ${n.service}`) },
  "44-stats": {
    threats: [44],
    plant: (n) => byHand(`create role mutant_login login in role ${n.service}, pg_monitor`),
  },
  "44-ok": {
    threats: [44],
    clean: true,
    plant: () => byHand("create role mutant_monitor login in role pg_monitor"),
  },
  "45-publication": {
    threats: [45],
    plant: (n) => byHand(`create publication mutant_all for table ${n.table}`),
  },
  "45-role": {
    threats: [45],
    plant: (n) => byHand(`create role mutant_login login replication in role ${n.service}`),
  },
  "45-ok": {
    threats: [45],
    clean: true,
    plant: (n) =>
      byHand(`create publication mutant_one for table ${n.table} where (${n.column} = ${n.literal})`),
  },
  "36-migration": {
    threats: [36],
    plant: (n) => sql(`create role mutant_login login in role ${n.service}, ${n.admin}`),
  },
  "36-ok-migration": {
    threats: [36],
    clean: true,
    plant: (n) => sql(`create role mutant_login login in role ${n.admin}`),
  },
  "84-migration": {
    threats: [84],
    plant: (n) => sql("create role mutant_login login", `grant ${n.service}, ${n.door} to mutant_login`),
  },
  "25-function": {
    threats: [25],
    unseenBy: { probe: "it is another tenant than those of the probes" },
    plant: (n) =>
      sql(
        `create function ${n.schema}.mutant_x() returns int language sql set ${n.setting} = '1' as 'select 1'`,
      ),
  },
  "40-migration": { threats: [40], plant: (n) => sql(`grant all on ${n.table} to ${n.service}`) },
  "40-ok-migration": {
    threats: [40],
    clean: true,
    plant: (n) =>
      sql(
        `grant all on ${n.table} to ${n.service}`,
        `revoke all on ${n.table} from ${n.service}`,
        `grant select, insert, update, delete on ${n.table} to ${n.service}`,
      ),
  },
});
