import type { RunningServer } from "./running-server.js";

/** Starts PostgreSQL in a container, the image of `TEST_POSTGRES_IMAGE` or the official one. */
export async function startContainer(): Promise<RunningServer> {
  // Loaded only when asked for: it takes longer to load than the embedded server to start.
  const { PostgreSqlContainer } = await import("@testcontainers/postgresql");
  const image = process.env.TEST_POSTGRES_IMAGE || "postgres:18-alpine";
  const container = await new PostgreSqlContainer(image)
    .withCommand(["postgres", "-c", "fsync=off", "-c", "max_connections=100"])
    .start();
  return {
    url: container.getConnectionUri(),
    origin: `testcontainers, ${image}`,
    stop: async () => void (await container.stop()),
  };
}
