import { TenantryError } from "../../core/errors.js";
import { DEFAULT_REDIS_URL } from "../../redis/connect-redis.js";
import type { Context } from "../context.js";
import { decodeUrlPart } from "./decode-url-part.js";

/** A Redis, in the words of redis-cli's options. */
export type RedisTarget = {
  /** As ioredis takes it; holds the password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
};

/**
 * The Redis of `REDIS_URL`; in development, without it, the one on this machine.
 *
 * @throws TenantryError `argument-invalid`; the message does not repeat the URL.
 */
export function resolveRedisTarget(context: Pick<Context, "environment" | "variables">): RedisTarget {
  const given = context.variables.REDIS_URL;
  if (given !== undefined && given !== "") return parseRedisTarget(given);
  if (context.environment === "development") return parseRedisTarget(DEFAULT_REDIS_URL);
  throw new TenantryError({
    code: "argument-invalid",
    message: `REDIS_URL is not set, and the environment is ${context.environment}.`,
    hint: "Set REDIS_URL to the Redis of that environment.",
  });
}

/**
 * The parts of a Redis URL.
 *
 * @throws TenantryError `argument-invalid`.
 * @example parseRedisTarget("rediss://me:pw@cache:6380/2").database // 2
 */
export function parseRedisTarget(url: string): RedisTarget {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const database = parsed === undefined ? "" : (parsed.searchParams.get("db") ?? parsed.pathname.slice(1));
  if (
    parsed === undefined ||
    (parsed.protocol !== "redis:" && parsed.protocol !== "rediss:") ||
    !/^\d{0,5}$/.test(database)
  ) {
    throw new TenantryError({
      code: "argument-invalid",
      message: "REDIS_URL is not a Redis URL.",
      hint: "Write REDIS_URL as redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// with TLS.",
    });
  }
  const part = (text: string) => (text === "" ? undefined : decodeUrlPart(text));
  return {
    url,
    host: part(parsed.hostname.replace(/^\[(.*)\]$/, "$1")) ?? "localhost",
    port: parsed.port === "" ? 6379 : Number(parsed.port),
    database: Number(database),
    user: part(parsed.username),
    password: part(parsed.password),
    tls: parsed.protocol === "rediss:",
  };
}
