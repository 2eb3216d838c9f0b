import type { Mutant } from "../mutant.js";
import { bound, context } from "../names.js";
import { bothPolicies, byHand, code, importing, inBoth, migrations, service, sql } from "./plant.js";

const name = (table: string) => table.replace(/^.*\./, "");

/** Numbers 59 to 80: side channels, statements and tools. */
export const CHANNELS: readonly Mutant[] = inBoth({
  "59-code": {
    threats: [59],
    plant: (n) =>
      code(n, importing("uniqueIndex"), [
        n.isolated,
        `${n.isolated}\n    uniqueIndexX("all_x").on(t.${n.textProperty}),`,
      ]),
  },
  "59-sql": { threats: [59], plant: (n) => sql(`create unique index all_x on ${n.table} (${n.text})`) },
  "59-ok-code": {
    threats: [59],
    clean: true,
    plant: (n) =>
      code(n, importing("uniqueIndex"), [
        n.isolated,
        `${n.isolated}\n    uniqueIndexX("all_x").on(t.${n.property}, t.${n.textProperty}).where(sql\`\${t.${n.textProperty}} > ''\`),`,
      ]),
  },
  "59-ok": {
    threats: [59],
    clean: true,
    plant: (n) => sql(`create unique index all_x on ${n.table} (${n.column}, lower(${n.text}))`),
  },
  "59-ok-index": {
    threats: [59],
    clean: true,
    plant: (n) => sql(`create index all_x on ${n.table} (${n.text})`),
  },
  "60": {
    threats: [59, 60],
    plant: (n) => byHand(`alter table ${n.table} add constraint all_x unique (${n.text})`),
  },
  "60-ok": {
    threats: [60],
    clean: true,
    plant: (n) => byHand(`alter table ${n.table} add constraint all_x unique (${n.column}, ${n.text}, id)`),
  },
  "61": {
    threats: [59, 61],
    plant: (n) => byHand(`create unique index all_x on ${n.table} (id)`),
  },
  "61-ok": {
    threats: [61],
    clean: true,
    plant: (n) => byHand(`create unique index all_x on ${n.table} (${n.column}, id) include (${n.text})`),
  },
  "62-code": {
    threats: [62],
    plant: (n) =>
      code(n, importing("foreignKey", "uuid"), [
        n.isolated,
        `${n.isolated}\n    foreignKeyX({ name: "loose_x", columns: [t.id], foreignColumns: [${n.exported}.id] }),`,
      ]),
  },
  "62": {
    threats: [62],
    plant: (n) =>
      byHand(
        `alter table ${n.table} add constraint loose_key unique (id)`,
        `alter table ${n.child} drop constraint ${n.referenceKey}`,
        `alter table ${n.child} add constraint loose_x foreign key (${n.reference}) references ${n.table} (id)`,
      ),
  },
  "62-sql": {
    threats: [62],
    plant: (n) =>
      sql(
        `alter table ${n.table} add constraint loose_key unique (id)`,
        `alter table ${n.child} drop constraint ${n.referenceKey}`,
        `alter table ${n.child} add constraint loose_x foreign key (${n.reference}) references ${n.table} (id)`,
      ),
  },
  "62-ok": {
    threats: [62],
    clean: true,
    plant: (n) =>
      byHand(
        `alter table ${n.child} add constraint second_x foreign key (${n.column}, ${n.reference}) references ${n.table} (${n.column}, id)`,
      ),
  },
  "63-code": {
    threats: [63],
    plant: (n) =>
      code(n, importing("foreignKey"), [
        n.isolated,
        `${n.isolated}\n    foreignKeyX({ name: "loose_x", columns: [t.id], foreignColumns: [${n.exported}.id] }).onDelete("cascade"),`,
      ]),
  },
  "63": {
    threats: [63],
    plant: (n) =>
      byHand(
        `alter table ${n.table} add constraint loose_key unique (id)`,
        `alter table ${n.child} drop constraint ${n.referenceKey}`,
        `alter table ${n.child} add constraint loose_x foreign key (${n.reference}) references ${n.table} (id) on delete cascade on update cascade`,
      ),
  },
  "63-ok": {
    threats: [63],
    clean: true,
    plant: (n) =>
      byHand(
        `alter table ${n.child} add constraint second_x foreign key (${n.column}, ${n.reference}) references ${n.table} (${n.column}, id) on delete cascade`,
      ),
  },
  "64": {
    threats: [64],
    plant: (n) =>
      byHand(`alter table ${n.table} add constraint apart_x exclude using btree (${n.text} with =)`),
  },
  "64-ok": {
    threats: [64],
    clean: true,
    plant: (n) =>
      byHand(
        `alter table ${n.table} add constraint apart_x exclude using btree (${n.column} with =, ${n.text} with =, id with =)`,
      ),
  },
  "68": {
    threats: [68],
    plant: (n) =>
      byHand("create extension pgstattuple", `grant execute on function pgstattuple(text) to ${n.service}`),
  },
  "68-ok": { threats: [68], clean: true, plant: () => byHand("create extension pgstattuple") },
  "69": { threats: [69], plant: (n) => byHand(`grant pg_read_all_stats to ${n.service}`) },
  "69-ok": {
    threats: [69],
    clean: true,
    plant: () => byHand("create role mutant_grafana login in role pg_read_all_stats"),
  },
  "71-service": {
    threats: [71],
    plant: () => service("await tx.execute(sql`select pg_notify('documents', %{row.title})`);"),
  },
  "71-sql": {
    threats: [71],
    plant: (n) =>
      sql(
        `create function ${n.schema}.tell_x() returns trigger language plpgsql as 'begin perform pg_notify(''x'', to_json(new)::text); return null; end'`,
        `create trigger tell_x after insert on ${n.table} for each row execute function ${n.schema}.tell_x()`,
      ),
  },
  "71-ok": {
    threats: [71],
    clean: true,
    plant: (n) =>
      sql(
        `create function ${n.schema}.tell_x() returns trigger language plpgsql as 'begin perform pg_notify(''x'', ''changed''); return null; end'`,
        `create trigger tell_x after insert on ${n.table} for each statement execute function ${n.schema}.tell_x()`,
      ),
  },
  "72": {
    threats: [72, 8],
    plant: (n) =>
      byHand(
        ...["permissive", "restrictive"].map(
          (kind) =>
            `create policy moves_${kind} on ${n.table} as ${kind} for update to ${n.service} using (${bound(n)}) with check (true)`,
        ),
        `drop policy ${n.policies.floor} on ${n.table}`,
        `create policy of_rows on ${n.table} as restrictive for select to ${n.service} using (${bound(n)})`,
      ),
  },
  "72-ok": {
    threats: [72],
    clean: true,
    plant: (n) =>
      byHand(
        `create policy moves on ${n.table} for update to ${n.service} using (${bound(n)}) with check (${bound(n)})`,
      ),
  },
  "73": { threats: [73, 8], plant: (n) => byHand(bothPolicies(n, bound(n), `${context(n)} is not null`)) },
  "73-ok": {
    threats: [73],
    clean: true,
    plant: (n) => byHand(bothPolicies(n, bound(n), `${bound(n)} and ${n.column} is not null`)),
  },
  "74": {
    threats: [74],
    plant: (n) => byHand(bothPolicies(n, `${context(n)} is not null`)),
  },
  "74-ok": {
    threats: [74],
    clean: true,
    plant: (n) => byHand(bothPolicies(n, `${context(n)} is not null and ${bound(n)}`)),
  },
  "77": {
    threats: [77],
    plant: (n) =>
      byHand(
        `drop policy ${n.policies.floor} on ${n.table}`,
        `create policy locks on ${n.table} for select to ${n.service} using (true)`,
        `create policy changes on ${n.table} for update to ${n.service} using (true) with check (true)`,
        `create policy removes on ${n.table} for delete to ${n.service} using (true)`,
      ),
  },
  "77-ok": {
    threats: [77],
    clean: true,
    plant: (n) =>
      byHand(
        `create policy locks on ${n.table} for select to ${n.service} using (${n.text} <> '' and ${bound(n)})`,
      ),
  },
  "78": {
    threats: [78],
    plant: (n) =>
      migrations(
        `drop policy ${n.policies.floor} on ${n.table}`,
        `create policy ${n.policies.floor} on ${n.table} as restrictive to ${n.service} using (${bound(n)}) with check (${bound(n)})`,
      ),
  },
  "78-commit": {
    threats: [78],
    plant: (n) =>
      migrations(
        `alter table ${n.table} disable row level security`,
        `alter table ${n.table} enable row level security`,
      ),
  },
  "78-ok": {
    threats: [78],
    clean: true,
    plant: (n) =>
      sql(
        `drop policy ${n.policies.floor} on ${n.table}`,
        `create policy ${n.policies.floor} on ${n.table} as restrictive to ${n.service} using (${bound(n)}) with check (${bound(n)})`,
      ),
  },
  "79-drop": { threats: [79], plant: (n) => sql(`drop policy ${n.policies.floor} on ${n.table}`) },
  "79-dynamic": {
    threats: [79],
    plant: (n) =>
      sql(
        `do $$ begin execute 'alter table ${n.table.replaceAll("'", "''")} disable row level security'; end $$`,
      ),
  },
  "79-renamed": {
    threats: [79],
    plant: (n) =>
      sql(
        `alter table ${n.table} rename to aside_x`,
        `alter table ${n.schema}.aside_x no force row level security`,
        `alter table ${n.schema}.aside_x rename to ${name(n.table)}`,
      ),
  },
  "79-ok": {
    threats: [79],
    clean: true,
    plant: (n) =>
      sql(
        `alter table ${n.table} disable row level security, no force row level security`,
        `update ${n.table} set ${n.text} = ${n.text}`,
        `alter table ${n.table} enable row level security, force row level security`,
      ),
  },
  "80-service": {
    threats: [80],
    plant: () => service('const db = drizzle("postgres://postgres:postgres@localhost/test");'),
  },
  "80-ok": {
    threats: [80],
    clean: true,
    plant: () => service("const db = drizzle(process.env.SERVICE_DATABASE_URL);"),
  },
});
