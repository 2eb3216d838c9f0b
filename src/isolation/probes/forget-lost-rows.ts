import { aim } from "./aim.js";
import { isTenantTarget, type ProbeTarget } from "./probe.js";
import type { ProbeSession } from "./probe-session.js";
import type { TenantRows } from "./tenant-rows.js";

const LOST = "the row was made, and is not there: a trigger, or the making of another row, has taken it away";

/**
 * Takes back what is not in the tables: an attack that finds nothing proves something only where there is something to
 * be found. Gives the reasons by the keys of the tables.
 */
export async function forgetLostRows(
  session: ProbeSession,
  targets: readonly ProbeTarget[],
  tenants: readonly TenantRows[],
): Promise<Map<string, string>> {
  const lost = new Map<string, string>();
  for (const target of targets.filter(isTenantTarget)) {
    const { key } = target.shape;
    if (!tenants.every((tenant) => tenant.rows.has(key))) continue;
    const exists = tenants.map(
      (tenant) => `exists (select from ${target.place} where ${aim.rowsOf(target, tenant)})`,
    );
    const answer = await session.tryOwner(`select 1 where ${exists.join(" and ")}`);
    if (answer.ok && answer.count > 0) continue;
    lost.set(key, answer.ok ? LOST : `${answer.code}: ${answer.message}`);
    for (const tenant of tenants) tenant.rows.delete(key);
  }
  return lost;
}
