import { TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import { findFreePort, isPortFree } from "./free-port.js";

/**
 * The port on which to start: the requested one, else the remembered one, else a free one.
 *
 * @param ports.seed what to derive a new port from; see {@link findFreePort}.
 * @throws TenantryError `port-in-use` if the requested port is taken, `argument-invalid` if it is none.
 * @example await choosePort({ requested: undefined, remembered: 20123, seed: stateDirectory }, logger)
 */
export async function choosePort(
  ports: {
    readonly requested: number | undefined;
    readonly remembered: number | undefined;
    readonly seed: string;
  },
  logger: Logger,
): Promise<number> {
  const wanted = ports.requested ?? ports.remembered;
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= 65_535)) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${wanted} is not a port for the embedded server.`,
      hint: "Run `tenantry start` with a port from 1024 to 65535, or without one.",
    });
  }
  if (wanted === undefined) return findFreePort(ports.seed);
  if (await isPortFree(wanted)) return wanted;
  if (ports.requested !== undefined) throw portInUse(wanted);
  const port = await findFreePort(ports.seed, wanted);
  logger.warn(`Port ${wanted} is taken by another program: the embedded server moves to ${port}.`);
  return port;
}

/** The error for a requested port that is taken. */
export function portInUse(port: number): TenantryError {
  return new TenantryError({
    code: "port-in-use",
    message: `Port ${port} of 127.0.0.1, requested for the embedded server, is in use.`,
    hint: "Run `tenantry start` without a port to get a free one, or end the program that uses it.",
  });
}
