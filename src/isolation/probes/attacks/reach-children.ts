import { qualify } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { judge } from "../judge.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";

/** Goes to partitions and inheritance children by their own names, where the parent's policies do not apply. */
export const reachChildren: Probe = {
  id: "probe-partition",
  threats: [50],
  title: "a partition or child table, by its own name, shows other tenants' rows",
  fix: "revoke all on the partition from the service role and PUBLIC, or give it the parent's policies.",
  applies: (target) => isTenantTarget(target) && target.shape.children.length > 0,
  attack: async ({ session, target, attacker, victim }) => {
    const outcomes = [];
    for (const { schema, name } of target.shape.children) {
      const place = qualify(schema, name);
      const where = aim.rowsOf(target, victim);
      for (const statement of [
        `select 1 from ${place} where ${where} limit 1`,
        `update ${place} set ${aim.noChange(target)} where ${where}`,
        `delete from ${place} where ${where}`,
      ]) {
        const answer = await session.attack({ context: attacker.id }, statement);
        outcomes.push(
          judge.nothing(answer, `through ${schema}.${name}, a row of another tenant was reached`),
        );
      }
    }
    return judge.worst(outcomes);
  },
};
