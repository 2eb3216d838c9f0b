import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { startEmbedded } from "../../postgres/embedded/start-embedded.js";
import type { TestServer } from "./test-server.js";

/** Shared by all workers of a run; every database takes one to five of them. */
const CONNECTIONS = 300;

/**
 * Starts the project's server for tests, or finds it running. It is not the one of development: it does without fsync,
 * and the janitor stops it. Its templates stay on disk, so that the next run begins without migrating.
 *
 * @throws TenantryError as `startEmbedded`.
 */
export async function startEmbeddedForTests(projectDirectory = process.cwd()): Promise<TestServer> {
  const stateDirectory = join(projectDirectory, "node_modules/.cache/tenantry/test-server");
  // With the usual permissions: the server's user, which is another one where we are root, must pass through.
  await mkdir(dirname(stateDirectory), { recursive: true });
  const place = { projectDirectory, stateDirectory };
  const { url } = await startEmbedded({ ...place, durable: false, maxConnections: CONNECTIONS });
  return { url, embedded: place };
}
