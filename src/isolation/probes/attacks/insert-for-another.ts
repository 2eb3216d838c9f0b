import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import { notPossible } from "../outcome.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { bareInsert, insertStatement } from "../row-maker.js";
import { gainRows } from "./gain-rows.js";

/** Writes a row that claims to be another tenant's. The server asks the policies before any key. */
export const insertForAnother: Probe = {
  id: "probe-insert",
  threats: [8, 73, 77],
  title: "the service writes rows into another tenant",
  fix: "Give the policy a WITH CHECK that is bound to the tenant (withTenantRls).",
  applies: isTenantTarget,
  attack: async (context) => {
    const { target, victim, stranger } = context;
    const row = victim.rows.get(target.shape.key);
    if (row === undefined) return notPossible("no row to copy");
    const given = target.shape.columns.filter((column) => column.generated === null);
    const values = new Map(given.map((column) => [column.name, castTo(column, row[column.name] ?? null)]));
    const elsewhere = new Map(values);
    if (target.declaration.tenantColumn !== undefined)
      elsewhere.set(target.declaration.tenantColumn, aim.id(target, stranger));
    const outcomes = [];
    for (const [tenant, statement] of [
      [victim, bareInsert(target.shape, values)],
      [stranger, bareInsert(target.shape, elsewhere)],
      [stranger, insertStatement(target.shape, elsewhere)],
    ] as const) {
      outcomes.push(
        await gainRows(context, tenant, statement, "a row with another tenant's id was accepted"),
      );
    }
    return judge.worst(outcomes);
  },
};
