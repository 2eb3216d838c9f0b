import { quoteIdentifier } from "../../../core/identifiers.js";
import type { ProbeWorld } from "../probe.js";
import { isTenantTarget } from "../probe.js";

/**
 * Runs a function while no tenant has rows, as far as the database allows that and belongs to nobody else: whether there
 * is any row at all is an answer, too.
 */
export async function inEmptyWorld<T>(world: ProbeWorld, use: () => Promise<T>): Promise<T> {
  const { session, targets, throwAway } = world;
  const places = targets.filter(isTenantTarget).map(({ place }) => place);
  if (!throwAway || places.length === 0) return await use();
  return await session.undone(async () => {
    const [maker] = await session.owner("select current_user::text as name");
    await session.tryOwner(
      `set local role none; truncate ${places.join(", ")}; set local role ${quoteIdentifier(maker?.name ?? "")}`,
    );
    return await use();
  });
}
