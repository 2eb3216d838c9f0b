import { createHash } from "node:crypto";
import { createServer } from "node:net";

// Below the ranges from which systems take ports for outgoing connections, so that a remembered port stays free.
const FIRST_PORT = 20_000;
const PORTS = 10_000;
const ATTEMPTS = 100;

/** True if a server could listen on this port of 127.0.0.1 right now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

/**
 * A free port of 127.0.0.1. The same seed tends to give the same port, different seeds different ones, so that the
 * servers of two projects do not get into each other's way.
 *
 * @param avoid a port that is not to be returned.
 * @throws Error if the system has no free port left.
 * @example await findFreePort("/srv/app/.tenantry") // 27311
 */
export async function findFreePort(seed: string, avoid?: number): Promise<number> {
  const start = createHash("sha256").update(seed).digest().readUInt32BE();
  for (let step = 0; step < ATTEMPTS; step += 1) {
    const port = FIRST_PORT + ((start + step) % PORTS);
    if (port !== avoid && (await isPortFree(port))) return port;
  }
  const port = await listenOnce(0);
  if (port === undefined) throw new Error("no free port on 127.0.0.1");
  return port;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}
