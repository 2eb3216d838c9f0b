import { aim } from "../aim.js";
import type { AttackContext } from "../probe.js";

/** How many rows a tenant has by now; the making of its other rows may have written some, such as audit rows. */
export async function countOwnRows({ session, target, newcomer }: AttackContext): Promise<number> {
  const rows = await session.owner(
    `select count(*)::text as n from ${target.place} where ${aim.rowsOf(target, newcomer)}`,
  );
  return Number(rows[0]?.n ?? 0);
}
