import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import { orderTables } from "../order-tables.js";
import type { Outcome } from "../outcome.js";
import { notApplicable } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { bareInsert } from "../row-maker.js";
import { newTenant } from "../tenant-rows.js";

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
  attack: async (context) =>
    judge.worst([await attackWithout(context, ""), await context.session.undone(() => attackBlank(context))]),
};

/** An empty text is a tenant's id as good as any, where the column is a text: its rows are nobody's to see. */
async function attackBlank(context: AttackContext): Promise<Outcome> {
  const { session, target, maker, shapes, victim } = context;
  const { place, shape, declaration } = target;
  if (declaration.tenantType !== "text") return notApplicable("an empty text is no id");
  const blank = newTenant("");
  await maker.makeAll(orderTables(shapes.tables, [shape.key]), blank);
  const where = aim.rowsOf(target, blank);
  const copy = new Map(
    shape.columns
      .filter((column) => column.generated === null)
      .map((column) => [column.name, castTo(column, victim.rows.get(shape.key)?.[column.name] ?? null)]),
  );
  copy.set(declaration.tenantColumn ?? "", aim.id(target, blank));
  const evidence = "in an emptied context, rows of the tenant whose id is an empty text were reached";
  const outcomes = [];
  for (const [statement, others] of [
    [`select 1 from ${place} limit 1`, []],
    [`select 1 from ${place} where ${where} limit 1`, []],
    [`update ${place} set ${aim.noChange(target)} where ${where}`, []],
    [`delete from ${place} where ${where}`, []],
    // The table's own condition may keep such a tenant out, and then nobody can have its rows.
    [bareInsert(shape, copy), blank.rows.has(shape.key) ? [] : ["23514"]],
  ] as const)
    outcomes.push(judge.nothing(await session.attack({ context: "" }, statement), evidence, others));
  return judge.worst(outcomes);
}

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
