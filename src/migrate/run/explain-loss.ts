import { TenantryError } from "../../core/errors.js";
import type { Target } from "./preflight/inspect-target.js";
import { freeSpace, LITTLE_SPACE } from "./preflight/inspect-target.js";

/**
 * Adds to the error of a lost connection what can still be seen from here: a server that has no room for its log crashes, and
 * then tells nobody why.
 *
 * @returns the error to end with; whatever is no lost connection is given back.
 */
export async function explainLoss(thrown: unknown, { dataDirectory }: Target): Promise<unknown> {
  if (!(thrown instanceof TenantryError) || thrown.code !== "connection-failed" || dataDirectory === null)
    return thrown;
  const free = await freeSpace(dataDirectory);
  if (free === undefined || free >= LITTLE_SPACE) return thrown;
  const { message, hint, details, code, cause } = thrown;
  return new TenantryError({
    code,
    message: `${message} The server's disk has ${Math.round(free / 1024 ** 2)} MiB left.`,
    hint,
    details,
    cause,
  });
}
