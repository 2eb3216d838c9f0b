import type { Logger } from "../../core/logger.js";
import { neededReferences, orderTables } from "./order-tables.js";
import type { Outcome } from "./outcome.js";
import type { AttackContext, Probe, ProbeTarget, ProbeWorld } from "./probe.js";
import type { ProbeResult } from "./probe-report.js";
import type { TenantRows } from "./tenant-rows.js";
import { newTenant } from "./tenant-rows.js";

/** Two tenants that have no rows yet. */
export type Newcomers = { readonly newcomer: TenantRows; readonly stranger: TenantRows };

/** Runs probes on tables, each attack undone before the next. */
export async function attackTables(
  world: ProbeWorld,
  probes: readonly Probe[],
  newcomers: Newcomers,
  logger: Logger,
): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const target of world.targets) {
    const applicable = probes.filter((probe) => probe.applies(target));
    if (applicable.length === 0 || !canAttack(world, target)) continue;
    logger.info(`probing ${target.subject}`);
    await world.session.undone(async () => {
      const context = { ...world, target, ...(await settleIn(world, target, probes, newcomers)) };
      for (const probe of applicable)
        results.push({ probe: probe.id, subject: target.subject, outcome: await tryProbe(probe, context) });
    });
  }
  return results;
}

/** A table in which the two made-up tenants have rows, or that belongs to none. */
function canAttack({ attacker, victim }: ProbeWorld, { shape, declaration }: ProbeTarget): boolean {
  return declaration.kind === "global" || (attacker.rows.has(shape.key) && victim.rows.has(shape.key));
}

/** Gives the newcomers rows in the tables that this one refers to. */
async function settleIn(
  { maker, shapes }: ProbeWorld,
  target: ProbeTarget,
  probes: readonly Probe[],
  { newcomer, stranger }: Newcomers,
): Promise<Newcomers> {
  const fresh = { newcomer: newTenant(newcomer.id), stranger: newTenant(stranger.id) };
  // Making rows may need a setting, and the first probes need a connection that has had none.
  if (probes.every(({ phase }) => phase === "unset")) return fresh;
  const all = orderTables(shapes.tables, [target.shape.key]);
  const others = all.filter(({ key }) => key !== target.shape.key);
  // In a circle, the others need a row of this table, too.
  const isCircle = others.some((shape) =>
    neededReferences(shape).some(({ foreignTable }) => foreignTable === target.shape.key),
  );
  const above = isCircle ? all : others;
  for (const tenant of [fresh.newcomer, fresh.stranger]) await maker.makeAll(above, tenant);
  return fresh;
}

async function tryProbe(probe: Probe, context: AttackContext): Promise<Outcome> {
  return await context.session.undone(() => probe.attack(context));
}
