import { quoteIdentifier } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { gainRows } from "./gain-rows.js";

/** Changes, deletes and writes another tenant's row by MERGE. */
export const mergeRows: Probe = {
  id: "probe-merge",
  threats: [74],
  title: "MERGE reaches rows of another tenant",
  fix: "Restore the table's policies for every command (withTenantRls).",
  applies: isTenantTarget,
  attack: async (context) => {
    const { session, target, attacker, victim } = context;
    const into = `merge into ${target.place} as t using (select ${aim.id(target, victim)} as id) as s`;
    const on = `on t.${target.tenant} = s.id`;
    const row = victim.rows.get(target.shape.key) ?? {};
    const columns = target.shape.columns.filter((column) => column.generated === null);
    const always = columns.some((column) => column.identity === "a") ? " overriding system value" : "";
    const insert = `insert (${columns.map(({ name }) => quoteIdentifier(name)).join(", ")})${always} values (${columns
      .map((column) => castTo(column, row[column.name] ?? null))
      .join(", ")})`;
    const outcomes = [];
    for (const act of [
      `${on} when matched then update set ${aim.noChange(target, "t")}`,
      `${on} when matched then delete`,
    ]) {
      const answer = await session.attack({ context: attacker.id }, `${into} ${act}`);
      outcomes.push(judge.nothing(answer, "MERGE reached a row of another tenant"));
    }
    const write = `${into} on false when not matched then ${insert}`;
    outcomes.push(await gainRows(context, victim, write, "MERGE wrote a row of another tenant"));
    return judge.worst(outcomes);
  },
};
