import { aim } from "../aim.js";
import { judge } from "../judge.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { gainRows } from "./gain-rows.js";

/** Gives one's own row to another tenant. */
export const moveRow: Probe = {
  id: "probe-move",
  threats: [8, 72],
  title: "the service moves its rows to another tenant",
  fix: "Give the policy a WITH CHECK that is bound to the tenant (withTenantRls).",
  applies: isTenantTarget,
  attack: async (context) => {
    const { target, attacker, victim, stranger, throwAway } = context;
    const outcomes = [];
    for (const to of [victim, stranger]) {
      const set = `${target.tenant} = ${aim.id(target, to)}`;
      const isSmall = throwAway || target.shape.estimatedRows <= aim.mostRows;
      const statements = [
        `update ${target.place} set ${set} where ${aim.rowsOf(target, attacker)}`,
        // Without a condition the new row need not be one that the tenant could read.
        ...(isSmall ? [`update ${target.place} set ${set}`] : []),
      ];
      for (const statement of statements) {
        outcomes.push(await gainRows(context, to, statement, "an own row was given another tenant's id"));
      }
    }
    return judge.worst(outcomes);
  },
};
