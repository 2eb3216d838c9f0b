import type { Logger } from "../../core/logger.js";
import { attempt } from "./attempt.js";
import { neededTables, orderTables } from "./order-tables.js";
import type { Probe, ProbeTarget, ProbeWorld } from "./probe.js";
import type { ProbeResult } from "./probe-report.js";
import type { TenantRows } from "./tenant-rows.js";
import { newTenant } from "./tenant-rows.js";

/** Two tenants that have no rows yet. */
export type Newcomers = { readonly newcomer: TenantRows; readonly stranger: TenantRows };

/** Runs probes on the tables of the world, or on those of them that are given, each attack undone before the next. */
export async function attackTables(
  world: ProbeWorld,
  probes: readonly Probe[],
  newcomers: Newcomers,
  logger: Logger,
  targets: readonly ProbeTarget[] = world.targets,
): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const target of targets) {
    const applicable = probes.filter((probe) => probe.applies(target));
    if (applicable.length === 0 || !canAttack(world, target)) continue;
    logger.info(`probing ${target.subject}`);
    await world.session.undone(async () => {
      const settled = await settleIn(world, target, probes, newcomers);
      for (const probe of applicable) {
        const outcome = await attempt(world.session, () => probe.attack({ ...world, target, ...settled }));
        results.push({ probe: probe.id, subject: target.subject, outcome });
      }
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
  const needing = others.filter((shape) => neededTables(shapes.tables, shape).has(target.shape.key));
  const needed = neededTables(shapes.tables, target.shape);
  // In a circle that nothing breaks, the others need a row of this table, too.
  const isCircle = needing.some(({ key }) => needed.has(key));
  const above = isCircle ? all : others.filter((shape) => !needing.includes(shape));
  for (const tenant of [fresh.newcomer, fresh.stranger]) await maker.makeAll(above, tenant);
  return fresh;
}
