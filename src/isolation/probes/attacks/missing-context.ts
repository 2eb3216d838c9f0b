import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { bareInsert } from "../row-maker.js";

/** Without a tenant, on a connection that has never had one: the setting is NULL. */
export const contextUnset: Probe = {
  id: "probe-context-unset",
  threats: [7, 21, 23],
  title: "without a tenant, on a fresh connection, the service reaches rows",
  fix: "Write the policy so that a missing setting means no rows (withTenantRls).",
  phase: "unset",
  applies: isTenantTarget,
  attack: (context) => attackWithout(context, undefined),
};

/** Without a tenant, on a connection that has had one: the setting is an empty text. */
export const contextEmptied: Probe = {
  id: "probe-context-emptied",
  threats: [7, 22],
  title: "without a tenant, on a reused connection, the service reaches rows",
  fix: "Write the policy with nullif(current_setting(…, true), '') (withTenantRls).",
  applies: isTenantTarget,
  attack: (context) => attackWithout(context, ""),
};

async function attackWithout(context: AttackContext, setting: string | undefined): Promise<Outcome> {
  const { session, target, victim } = context;
  const { place, shape, declaration } = target;
  const row = victim.rows.get(shape.key) ?? {};
  const given = shape.columns.filter((column) => column.generated === null);
  const values = new Map(given.map((column) => [column.name, castTo(column, row[column.name] ?? null)]));
  const nobodys = new Map(values);
  nobodys.delete(declaration.tenantColumn ?? "");
  const where = aim.rowsOf(target, victim);
  const attacks: readonly (readonly [string, string, readonly string[]])[] = [
    ["a row was read", `select 1 from ${place} limit 1`, []],
    ["a row was read", `select 1 from ${place} where ${where} limit 1`, []],
    ["a row was changed", `update ${place} set ${aim.noChange(target)} where ${where}`, []],
    ["a row was deleted", `delete from ${place} where ${where}`, []],
    ["a row was written", bareInsert(shape, values), []],
    // The column's default is then NULL, which it refuses, or a tenant that nobody is.
    ["a row without a tenant was written", bareInsert(shape, nobodys), ["23502"]],
  ];
  const outcomes = [];
  for (const [evidence, statement, others] of attacks) {
    const answer = await session.attack({ context: setting }, statement);
    outcomes.push(judge.nothing(answer, evidence, others));
  }
  return judge.worst(outcomes);
}
