import { orderTables } from "../order-tables.js";
import type { ProbeWorld } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { TableShape } from "../table-shape.js";
import type { TenantRows } from "../tenant-rows.js";
import { newTenant } from "../tenant-rows.js";

/**
 * Runs a function in a world with two more tenants, and takes them away again. One has plain rows, as a service would
 * first write them; the other has a telling value in every column that takes one.
 *
 * @param conditions what rows of a table must meet, by its key; where that is not to be had they are made without.
 */
export async function withOtherTenants<T>(
  world: ProbeWorld,
  use: (tenants: readonly TenantRows[]) => Promise<T>,
  conditions: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<T> {
  const { session, maker, shapes, targets } = world;
  return await session.undone(async () => {
    const [plain, decorated] = [newTenant(world.spareTenantId), newTenant(world.markedTenantId)];
    const keys = targets.filter(isTenantTarget).map(({ shape }) => shape.key);
    const conditionsOf = ({ key }: TableShape) => conditions.get(key) ?? [];
    const order = orderTables(shapes.tables, keys);
    await maker.makeAll(order, plain, { conditionsOf });
    await maker.makeAll(order, decorated, { decorated: true, conditionsOf });
    return await use([plain, decorated]);
  });
}
