import type { Mutant } from "../mutant.js";
import { bound } from "../names.js";
import { bothPolicies, byHand, inBoth, policyInCode, service, sql } from "./plant.js";

/** Numbers 21 to 34: the tenant context, in policies and in services. */
export const CONTEXT: readonly Mutant[] = inBoth({
  "21": {
    threats: [21],
    plant: (n) =>
      byHand(
        bothPolicies(
          n,
          `coalesce(nullif(current_setting('${n.setting}', true), ''), ${n.column}::text) = ${n.column}::text`,
        ),
      ),
  },
  "21-ok": {
    threats: [21],
    clean: true,
    plant: (n) =>
      byHand(
        bothPolicies(n, `nullif(current_setting('${n.setting}', true), '') is not null and ${bound(n)}`),
      ),
  },
  "22-code": {
    threats: [22],
    plant: (n) =>
      policyInCode(n, { using: `${n.column} = (select current_setting('${n.setting}', true)::${n.type})` }),
  },
  "22-sql": {
    threats: [22],
    plant: (n) =>
      sql(bothPolicies(n, `${n.column} = (select current_setting('${n.setting}', true)::${n.type})`)),
  },
  "22-ok-code": {
    threats: [22],
    clean: true,
    plant: (n) =>
      policyInCode(n, {
        using: `${n.column} = (select nullif(current_setting('${n.setting}', true), '')::${n.type})`,
      }),
  },
  "23-code": {
    threats: [23],
    plant: (n) =>
      policyInCode(n, {
        using: `${n.column} = (select nullif(current_setting('${n.setting}'), '')::${n.type})`,
      }),
  },
  "23-sql": {
    threats: [23],
    plant: (n) =>
      sql(bothPolicies(n, `${n.column} = (select nullif(current_setting('${n.setting}'), '')::${n.type})`)),
  },
  "23-ok": {
    threats: [23],
    clean: true,
    plant: (n) =>
      sql(
        bothPolicies(
          n,
          `${n.column} = (select nullif(current_setting('${n.setting}', true), '')::${n.type})`,
        ),
      ),
  },
  "24-code": {
    threats: [24],
    plant: (n) => policyInCode(n, { using: bound({ ...n, setting: `${n.setting}s` }) }),
  },
  "24-sql": { threats: [24], plant: (n) => sql(bothPolicies(n, bound({ ...n, setting: `${n.setting}s` }))) },
  "24-ok": {
    threats: [24],
    clean: true,
    plant: (n) =>
      sql(
        `create policy actor on ${n.table} as restrictive to ${n.service} using (coalesce(current_setting('app.actor', true), '') <> 'nobody')`,
      ),
  },
  "25-service": {
    threats: [25],
    plant: (n) => service(`await db.execute(sql\`select set_config('${n.setting}', %{id}, false)\`);`),
  },
  "25-sql": {
    threats: [25],
    unseenBy: { probe: "the settings of a role are made at log-in, and probes do not log in" },
    plant: (n) => sql(`alter role ${n.service} set ${n.setting} = '4711'`),
  },
  "25-ok-service": {
    threats: [25],
    clean: true,
    plant: () => service(`await db.execute(sql\`select set_config('statement_timeout', '5s', false)\`);`),
  },
  "25-ok-sql": {
    threats: [25],
    clean: true,
    plant: (n) => sql(`set local ${n.setting} = '4711'`, `update ${n.table} set ${n.text} = ${n.text}`),
  },
  "26-service": {
    threats: [26],
    plant: (n) =>
      service(`await db.execute(\`set local ${n.setting} = '%{id}'\`);\nawait db.select().from(rows);`),
  },
  "26-ok": {
    threats: [26],
    clean: true,
    plant: () => service("await db.transaction(async (tx) => tx.execute(`set local lock_timeout = 500`));"),
  },
  "27-service": {
    threats: [27],
    plant: () =>
      service(
        `await client.as(id).execute(sql.raw("select * from documents where title = '" + title + "'"));`,
      ),
  },
  "27-ok": {
    threats: [27],
    clean: true,
    plant: () => service("await client.as(id).execute(sql`select * from documents where title = %{title}`);"),
  },
  "28-code": {
    threats: [28],
    plant: (n) => policyInCode(n, { using: `current_setting('app.bypass', true) = 'on' or ${bound(n)}` }),
  },
  "28-sql": {
    threats: [28],
    plant: (n) => sql(bothPolicies(n, `current_setting('app.bypass', true) = 'on' or ${bound(n)}`)),
  },
  "28-ok": {
    threats: [28],
    clean: true,
    plant: (n) =>
      sql(bothPolicies(n, `coalesce(current_setting('app.frozen', true), '') <> 'on' and ${bound(n)}`)),
  },
  "29-service": {
    threats: [29],
    plant: () =>
      service(
        "await client.as(id).transaction(async (tx) => {\n  await client.as(other).select().from(rows);\n});",
      ),
  },
  "29-ok": {
    threats: [29],
    clean: true,
    plant: () =>
      service(
        "await client.as(id).transaction(async (tx) => {\n  await tx.select().from(rows);\n});\nawait client.as(other).select().from(rows);",
      ),
  },
  "32-service": {
    threats: [32],
    plant: (n) =>
      service(
        `await Promise.all(ids.map(async (id) => {\n  await db.execute(sql\`select set_config('${n.setting}', %{id}, false)\`);\n  await db.select().from(rows);\n  await db.execute(\`reset ${n.setting}\`);\n}));`,
      ),
  },
  "32-ok": {
    threats: [32],
    clean: true,
    plant: () => service("await Promise.all(ids.map((id) => client.as(id).select().from(rows)));"),
  },
  "33-cursor": {
    threats: [33],
    plant: () => service('await tx.execute("declare c cursor with hold for select * from documents");'),
  },
  "33-temp": {
    threats: [33],
    plant: () => service('await tx.execute("create temp table found as select * from documents");'),
  },
  "33-listen": { threats: [33], plant: () => service("await tx.execute(`listen documents`);") },
  "33-ok": {
    threats: [33],
    clean: true,
    plant: () => service('await tx.execute("declare c cursor for select * from documents");'),
  },
});
