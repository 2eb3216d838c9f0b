import type { Redis } from "ioredis";
import { answerWithin } from "../core/answer-within.js";
import { codeOf, messageOf, TenantryError } from "../core/errors.js";
import { importPeer } from "../core/import-peer.js";

/** What development uses when `REDIS_URL` is not set. */
export const DEFAULT_REDIS_URL = "redis://127.0.0.1:6379";

const PATIENCE_SECONDS = 5;

/**
 * Connects to Redis, and proves it by a PING.
 *
 * @param patienceSeconds for both together: what takes connections may be something else.
 * @throws TenantryError `argument-invalid`, `dependency-missing`, `connection-failed`, `password-rejected`; the message names host and
 * port, never the password.
 * @example
 * const redis = await connectRedis("redis://127.0.0.1:6379");
 * await redis.quit();
 */
export async function connectRedis(text: string, patienceSeconds = PATIENCE_SECONDS): Promise<Redis> {
  const url = parseRedisUrl(text);
  const RedisClient = await loadRedisClass();
  const redis = new RedisClient(url.href, {
    lazyConnect: true,
    connectTimeout: 2000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    reconnectOnError: () => false,
    // Else a refused connection keeps the process alive for two seconds.
    disconnectTimeout: 50,
  });
  // The promises below only say that the connection is closed; the event says why.
  let reason: unknown;
  redis.on("error", (thrown: unknown) => {
    reason = thrown;
  });
  try {
    await answerWithin(patienceSeconds, `no answer in ${patienceSeconds} s; is it Redis?`, greet(redis));
    return redis;
  } catch (thrown) {
    redis.disconnect();
    throw redisError(reason ?? thrown, url);
  }
}

async function greet(redis: Redis): Promise<void> {
  await redis.connect();
  await redis.ping();
}

/** Whether Redis answers: undefined if it does, else why not, in one line. */
export async function findRedisProblem(text: string): Promise<string | undefined> {
  try {
    const redis = await connectRedis(text);
    redis.disconnect();
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function parseRedisUrl(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === "redis:" || url.protocol === "rediss:") return url;
  }
  throw new TenantryError({
    code: "argument-invalid",
    message: "REDIS_URL is not a Redis URL.",
    hint: "Write REDIS_URL as redis://USER:PASSWORD@HOST:PORT, or rediss:// with TLS.",
  });
}

async function loadRedisClass(): Promise<typeof Redis> {
  const { Redis } = await importPeer({ name: "ioredis", neededTo: "talk to Redis" }, () => import("ioredis"));
  return Redis;
}

function redisError(thrown: unknown, url: URL): TenantryError {
  const place = `${url.hostname}:${url.port === "" ? "6379" : url.port}`;
  const message = messageOf(thrown);
  if (/NOAUTH|WRONGPASS/.test(message)) {
    return new TenantryError({
      code: "password-rejected",
      message: `Redis at ${place} rejected the login.`,
      hint: "Check the user and password in REDIS_URL.",
      cause: thrown,
    });
  }
  return new TenantryError({
    code: "connection-failed",
    message: `Redis at ${place} does not answer (${codeOf(thrown) ?? message}).`,
    hint: "Start it (redis-server), or correct REDIS_URL.",
    cause: thrown,
  });
}
