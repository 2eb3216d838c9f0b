import { setTimeout as delay } from "node:timers/promises";
import { throwIfStopped } from "./interrupted.js";

/**
 * Waits, unless the signal fires.
 *
 * @throws TenantryError what the run was stopped with.
 */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch {
    throwIfStopped(signal);
  }
}
