import type { Mutant } from "../mutant.js";
import { bound, context } from "../names.js";
import { bothPolicies, byHand, code, importing, inAll, policyInCode, sql, unquoted } from "./plant.js";

/** Numbers 1 to 20: the shape of the policies. */
export const POLICIES: readonly Mutant[] = inAll({
  "1-code": { threats: [1], plant: (n) => code(n, [n.isolated, ""]) },
  "1-sql": { threats: [1], plant: (n) => sql(`alter table ${n.table} disable row level security`) },
  "1-new-table": {
    threats: [1],
    plant: (n) =>
      sql(`create table ${n.schema}.stray (a int)`, `grant select on ${n.schema}.stray to ${n.service}`),
  },
  "1-ok-restored": {
    threats: [1],
    clean: true,
    plant: (n) =>
      sql(
        `alter table ${n.table} disable row level security`,
        `update ${n.table} set ${n.text} = ${n.text}`,
        `alter table ${n.table} enable row level security`,
      ),
  },
  "1-ok-global": {
    threats: [1],
    clean: true,
    plant: (n) =>
      code(n, importing("pgTable", "text", "pgPolicy"), [
        `export const ${n.exported} =`,
        `import { globalTable as globalTableX } from "tenantry";
export const countriesX = pgTableX("countries", { code: textX("code").primaryKey() }, (t) => [
  globalTableX(t, { reason: "the same for everybody" }),
]);
export const ${n.exported} =`,
      ]),
  },
  "2-code": {
    threats: [2],
    plant: (n) =>
      code(n, importing("pgPolicy", "pgRole"), [
        n.isolated,
        `pgPolicyX("alone", { to: pgRoleX("${unquoted(n.service)}").existing(), using: sql\`${bound(n)}\` }),`,
      ]),
  },
  "2-by-hand": { threats: [2], plant: (n) => byHand(`alter table ${n.table} disable row level security`) },
  "2-ok": {
    threats: [2],
    clean: true,
    plant: (n) => byHand(`alter table ${n.table} enable row level security, force row level security`),
  },
  "3": {
    threats: [3],
    plant: (n) => byHand(...Object.values(n.policies).map((policy) => `drop policy ${policy} on ${n.table}`)),
  },
  "3-ok": {
    threats: [3],
    clean: true,
    plant: (n) =>
      byHand(
        `create policy second on ${n.table} to ${n.service} using (${bound(n)})`,
        `drop policy second on ${n.table}`,
      ),
  },
  "4": { threats: [4], plant: (n) => byHand(`drop policy ${n.policies.tenant} on ${n.table}`) },
  "4-ok": {
    threats: [4],
    clean: true,
    plant: (n) =>
      byHand(
        `create policy narrower on ${n.table} as restrictive for select to ${n.service} using (${n.text} is not null)`,
      ),
  },
  "5-code": { threats: [5], plant: (n) => policyInCode(n, { using: `${bound(n)} or true` }) },
  "5-sql": { threats: [5], plant: (n) => sql(bothPolicies(n, "true")) },
  "5-by-hand-itself": {
    threats: [5],
    plant: (n) => byHand(bothPolicies(n, `${n.column} = ${n.column}`)),
  },
  "5-ok-code": {
    threats: [5],
    clean: true,
    plant: (n) => policyInCode(n, { using: `${bound(n)} and (${n.column} is not null or true)` }),
  },
  "5-ok": { threats: [5], clean: true, plant: (n) => sql(bothPolicies(n, `${bound(n)} and true`)) },
  "5-ok-admin": {
    threats: [5],
    clean: true,
    plant: (n) => sql(`create policy "for the operator" on ${n.table} to ${n.admin} using (true)`),
  },
  "6-code": { threats: [6], plant: (n) => policyInCode(n, { using: `${n.text} = 'shared'` }) },
  "6": {
    threats: [6],
    unseenBy: { probe: "the floor contains it" },
    plant: (n) =>
      byHand(`create policy shared on ${n.table} for select to ${n.service} using (${n.text} = 'shared')`),
  },
  "6-no-floor": {
    threats: [6],
    plant: (n) =>
      byHand(
        `drop policy ${n.policies.floor} on ${n.table}`,
        `create policy shared on ${n.table} for select to ${n.service} using (${n.text} is not null)`,
      ),
  },
  "6-ok": {
    threats: [6],
    clean: true,
    plant: (n) =>
      byHand(
        `create policy shared on ${n.table} for select to ${n.service} using (${n.text} = 'shared' and ${bound(n)})`,
      ),
  },
  "7-code": {
    threats: [7],
    plant: (n) => policyInCode(n, { using: `${context(n)} is null or ${bound(n)}` }),
  },
  "7-sql": {
    threats: [7],
    plant: (n) => sql(bothPolicies(n, `coalesce(${context(n)}, ${n.column}) = ${n.column}`)),
  },
  "7-by-hand": {
    threats: [7],
    plant: (n) => byHand(bothPolicies(n, `${context(n)} is null or ${bound(n)}`)),
  },
  "7-ok": {
    threats: [7],
    clean: true,
    plant: (n) => sql(bothPolicies(n, `${context(n)} is not null and ${bound(n)}`)),
  },
  "8-code": {
    threats: [8],
    plant: (n) => policyInCode(n, { using: bound(n), check: `${n.text} is not null` }),
  },
  "8-sql": { threats: [8], plant: (n) => sql(bothPolicies(n, bound(n), "true")) },
  "8-ok-code": {
    threats: [8],
    clean: true,
    plant: (n) => policyInCode(n, { using: bound(n), check: `${bound(n)} and ${n.text} is not null` }),
  },
  "8-ok": {
    threats: [8],
    clean: true,
    plant: (n) =>
      sql(`alter policy ${n.policies.tenant} on ${n.table} with check (${n.text} <> '' and ${bound(n)})`),
  },
  "10": {
    threats: [10],
    plant: (n) =>
      byHand(`create policy wrong on ${n.table} for select to public using (${n.text} is not null)`),
  },
  "10-floor": {
    threats: [10],
    plant: (n) => byHand(`alter policy ${n.policies.floor} on ${n.table} to ${n.admin}`),
  },
  "10-ok": {
    threats: [10],
    clean: true,
    plant: (n) => byHand(`alter policy ${n.policies.floor} on ${n.table} to public`),
  },
  "11": {
    threats: [11],
    plant: (n) =>
      byHand(
        `alter policy ${n.policies.tenant} on ${n.table} to ${n.door}`,
        `alter policy ${n.policies.floor} on ${n.table} to ${n.door}`,
      ),
  },
  "11-ok": {
    threats: [11],
    clean: true,
    plant: (n) => byHand(`alter policy ${n.policies.tenant} on ${n.table} to ${n.service}, ${n.admin}`),
  },
  "12-code": { threats: [12], plant: (n) => policyInCode(n, { using: `${n.column}::text = current_user` }) },
  "12-sql": { threats: [12], plant: (n) => sql(bothPolicies(n, `${n.column}::text = session_user`)) },
  "12-ok-code": {
    threats: [12],
    clean: true,
    plant: (n) => policyInCode(n, { as: "restrictive", using: "current_user <> 'intern'" }),
  },
  "12-ok": {
    threats: [12],
    clean: true,
    plant: (n) =>
      sql(
        `create policy no_interns on ${n.table} as restrictive to ${n.service} using (current_user <> 'intern')`,
      ),
  },
  "13-code": { threats: [13], plant: (n) => policyInCode(n, { using: `${n.text} = ${context(n)}::text` }) },
  "13-sql-subquery": {
    threats: [13],
    plant: (n) =>
      sql(bothPolicies(n, `exists (select from ${n.child} as other where ${n.column} = ${context(n)})`)),
  },
  "13-sql": { threats: [13], plant: (n) => sql(bothPolicies(n, `${n.text} = ${context(n)}::text`)) },
  "13-ok": { threats: [13], clean: true, plant: (n) => sql(bothPolicies(n, `${context(n)} = ${n.column}`)) },
  "13-ok-code": {
    threats: [13],
    clean: true,
    plant: (n) => policyInCode(n, { using: `\${t.${n.property}} = ${context(n)}` }),
  },
  "14-code": { threats: [14], plant: (n) => policyInCode(n, { using: `${n.column} = ${n.literal}` }) },
  "14-sql": {
    threats: [14],
    plant: (n) => sql(bothPolicies(n, `${n.column} in (${n.literal}) or ${bound(n)}`)),
  },
  "14-ok": {
    threats: [14],
    clean: true,
    plant: (n) => sql(bothPolicies(n, `${bound(n)} and ${n.column} <> ${n.literal}`)),
  },
  "15": {
    threats: [15],
    plant: (n) =>
      byHand(
        `create table ${n.schema}.shares (tenant ${n.type})`,
        `grant select on ${n.schema}.shares to ${n.service}`,
        `create policy shared on ${n.table} to ${n.service} using (${n.column} in (select tenant from ${n.schema}.shares))`,
      ),
  },
  "15-restrictive": {
    threats: [15],
    plant: (n) =>
      byHand(
        `create schema aside`,
        `create table aside.blocked (tenant ${n.type})`,
        `grant usage on schema aside to ${n.service}`,
        `grant select on aside.blocked to ${n.service}`,
        `create policy blocked on ${n.table} as restrictive to ${n.service} using (${n.column} not in (select tenant from aside.blocked))`,
      ),
  },
  "15-ok": {
    threats: [15],
    clean: true,
    plant: (n) =>
      byHand(
        `create policy of_account on ${n.table} as restrictive to ${n.service} using (exists (select from ${n.root} as r where r.id = ${n.column}))`,
      ),
  },
  "16-code": {
    threats: [16],
    plant: (n) =>
      policyInCode(n, { using: `exists (select from ${n.table} as n where n.${n.column} = ${context(n)})` }),
  },
  "16": {
    threats: [16],
    plant: (n) =>
      byHand(
        `create policy again on ${n.table} as restrictive to ${n.service} using (exists (select from ${n.table} as n where n.${n.text} <> ''))`,
      ),
  },
  "16-ok": {
    threats: [16],
    clean: true,
    plant: (n) =>
      byHand(
        `create policy again on ${n.table} as restrictive to ${n.service} using (${n.bare}.${n.text} <> 'none')`,
      ),
  },
  "17": {
    threats: [17],
    plant: (n) =>
      byHand(
        `create function ${n.schema}.allowed(t ${n.type}) returns boolean language sql volatile as 'select true'`,
        `create policy asks on ${n.table} as restrictive to ${n.service} using (${n.schema}.allowed(${n.column}))`,
      ),
  },
  "17-ok": {
    threats: [17],
    clean: true,
    plant: (n) =>
      byHand(
        `create function ${n.schema}.allowed(t ${n.type}) returns boolean language sql stable as 'select true'`,
        `create policy asks on ${n.table} as restrictive to ${n.service} using (${n.schema}.allowed(${n.column}))`,
      ),
  },
  "18-code": {
    threats: [18],
    plant: (n) =>
      code(n, importing(n.type), [
        n.columns,
        n.columns.replace(
          "...tenantKey(),",
          `...tenantKey(),\n    ${n.property}: ${n.type}X("${unquoted(n.column)}"${n.type === "bigint" ? ', { mode: "bigint" }' : ""}),`,
        ),
      ]),
  },
  "18-sql": {
    threats: [18],
    plant: (n) =>
      sql(
        `alter table ${n.table} drop constraint ${n.primaryKey} cascade`,
        `alter table ${n.table} alter column ${n.column} drop not null`,
      ),
  },
  "18-ok": {
    threats: [18],
    clean: true,
    plant: (n) => sql(`alter table ${n.table} alter column ${n.column} set not null`),
  },
  "18-ok-code": {
    threats: [18],
    clean: true,
    plant: (n) =>
      code(n, importing("text"), [
        n.columns,
        n.columns.replace("...tenantKey(),", `...tenantKey(),\n    extra: textX("extra"),`),
      ]),
  },
  "19-code": {
    threats: [19],
    onlyIf: ({ type }) => type !== "text",
    plant: (n) =>
      policyInCode(n, {
        using: `${n.column}::text = (select nullif(current_setting('${n.setting}', true), ''))`,
      }),
  },
  "19-sql": {
    threats: [19],
    onlyIf: ({ type }) => type !== "text",
    plant: (n) =>
      sql(bothPolicies(n, `${n.column}::text = (select nullif(current_setting('${n.setting}', true), ''))`)),
  },
  "19-ok-code": {
    threats: [19],
    clean: true,
    plant: (n) =>
      policyInCode(n, {
        using: `${n.column} = cast(nullif(current_setting('${n.setting}', true), '') as ${n.type})`,
      }),
  },
  "20-sql": { threats: [20], plant: (n) => sql(`alter table ${n.table} no force row level security`) },
  "20-by-hand": { threats: [20], plant: (n) => byHand(`alter table ${n.child} no force row level security`) },
  "20-ok": {
    threats: [20],
    clean: true,
    plant: (n) =>
      sql(
        `alter table ${n.table} no force row level security`,
        `alter table ${n.table} force row level security`,
      ),
  },
});
