import type { RunningServer } from "./running-server.js";

/** Starts PostgreSQL in a container, the image of `TEST_POSTGRES_IMAGE` or the official one. */
export async function startContainer(): Promise<RunningServer> {
  // Loaded only when asked for: it takes longer to load than the embedded server to start.
  const container = await import("../../src/testing/server/start-container.js");
  const { url, image, stop } = await container.startContainer();
  return { url, origin: `testcontainers, ${image}`, stop };
}
