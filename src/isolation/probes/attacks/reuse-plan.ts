import { quoteLiteral } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { judge } from "../judge.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";

const PLAN = "tenantry_probe_plan";

/**
 * Prepares a query as one tenant and runs it as the next, as on a pooled connection. A function in the policy that is
 * wrongly marked immutable would have been folded into the plan.
 */
export const reusePlan: Probe = {
  id: "probe-plan",
  threats: [34],
  title: "a prepared query keeps the tenant for whom it was prepared",
  fix: "Do not mark a function that reads a setting as immutable; use withTenantRls.",
  applies: isTenantTarget,
  attack: async ({ session, target, attacker, victim, expected }) => {
    const where = aim.rowsOf(target, victim);
    const switchTo = `select pg_catalog.set_config(${quoteLiteral(expected.settings.setting)}, ${quoteLiteral(attacker.id)}, true)`;
    const answer = await session.attack(
      { context: victim.id, settings: { plan_cache_mode: "force_generic_plan" } },
      `prepare ${PLAN} as select 1 from ${target.place} where ${where} limit 1;
execute ${PLAN}; ${switchTo}; execute ${PLAN}`,
    );
    // Prepared statements outlive a rollback.
    await session.tryOwner(`deallocate ${PLAN}`);
    return judge.nothing(answer, "a query prepared in one tenant's context showed its row in another's");
  },
};
