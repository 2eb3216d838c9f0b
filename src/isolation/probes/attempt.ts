import { messageOf, TenantryError } from "../../core/errors.js";
import type { Outcome } from "./outcome.js";
import type { ProbeSession } from "./probe-session.js";

/**
 * Runs one attack and undoes it. One that throws has failed, and the next goes on: only a lost connection, an
 * interruption and a mistake in the project's own settings end the run.
 */
export async function attempt(session: ProbeSession, attack: () => Promise<Outcome>): Promise<Outcome> {
  return await session.undone(async () => {
    try {
      return await attack();
    } catch (thrown) {
      if (session.isStopped() || thrown instanceof TenantryError) throw thrown;
      return { result: "error", reason: messageOf(thrown) };
    }
  });
}
