import { aim } from "../aim.js";
import { judge } from "../judge.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";

/** Reads another tenant's row, by its key and by asking for whatever is not one's own. */
export const readRows: Probe = {
  id: "probe-read",
  threats: [1, 2, 5, 6, 13],
  title: "the service reads rows of another tenant",
  fix: "Restore the table's policies (withTenantRls), or drop the policy that widens them.",
  applies: isTenantTarget,
  attack: async ({ session, target, attacker, victim }) => {
    const state = { context: attacker.id };
    const evidence = "in one tenant's context, a row of another tenant was returned";
    const statements = [
      `select 1 from ${target.place} where ${aim.rowsOf(target, victim)} limit 1`,
      `select 1 from ${target.place} where ${target.tenant} is distinct from ${aim.id(target, attacker)} limit 1`,
      `select 1 from ${target.place} where ${aim.rowsOf(target, victim)} having count(*) > 0`,
    ];
    const outcomes = [];
    for (const statement of statements)
      outcomes.push(judge.nothing(await session.attack(state, statement), evidence));
    return judge.worst(outcomes);
  },
};
