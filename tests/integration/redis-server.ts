import { afterAll } from "vitest";
import { type RedisServer, startIllTreatedRedis } from "../support/ill-treated-redis.js";

export type { RedisServer };

const started: RedisServer[] = [];
// A hook that is only set up inside another is never run.
afterAll(async () => {
  for (const server of started) await server.stop();
});

/** Starts a Redis of a test file's own, on loopback; it and its clients end with the file. */
export async function startRedisServer(
  ...given: Parameters<typeof startIllTreatedRedis>
): Promise<RedisServer> {
  const server = await startIllTreatedRedis(...given);
  started.push(server);
  return server;
}
