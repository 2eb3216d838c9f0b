import type { RunningServer } from "./running-server.js";

const PORT = 6379;

/** Starts Redis in a container, the image of `TEST_REDIS_IMAGE` or the official one. */
export async function startRedisContainer(): Promise<RunningServer> {
  const { GenericContainer } = await import("testcontainers");
  const image = process.env.TEST_REDIS_IMAGE || "redis:7-alpine";
  const container = await new GenericContainer(image).withExposedPorts(PORT).start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(PORT)}`,
    origin: `testcontainers, ${image}`,
    stop: async () => void (await container.stop()),
  };
}
