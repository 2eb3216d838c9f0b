import { coerce, lt } from "semver";
import { TenantryError } from "../../../core/errors.js";
import { connectRedis, DEFAULT_REDIS_URL } from "../../../redis/connect-redis.js";
import type { Check, Verdict } from "../check.js";
import { ok, problem, skipped, warning } from "../check.js";

/** What the scripts of the cache need; see docs/redis.md. */
const OLDEST_REDIS = "6.2.0";

/** Redis answers, and is new enough. */
export const redisCheck: Check = {
  id: "redis",
  group: "Services",
  run: async ({ context }) => {
    const given = context.variables.REDIS_URL ?? "";
    if (given === "" && context.environment !== "development")
      return skipped("REDIS_URL is not set: services work without Redis, and have no cache");
    try {
      return judgeRedis(await readVersion(given === "" ? DEFAULT_REDIS_URL : given));
    } catch (thrown) {
      if (!(thrown instanceof TenantryError)) throw thrown;
      if (thrown.code === "dependency-missing")
        return skipped("ioredis is not installed, so nothing here uses Redis");
      if (given !== "") throw thrown;
      return warning(
        `REDIS_URL is not set, and ${thrown.message.replace(/\.$/, "")}: no cache`,
        "Start redis-server if services are to have a cache, or set REDIS_URL.",
      );
    }
  },
};

async function readVersion(url: string): Promise<string> {
  const redis = await connectRedis(url);
  try {
    const info = await redis.info("server");
    return /^valkey_version:(\S+)/m.exec(info)?.[1] ?? /^redis_version:(\S+)/m.exec(info)?.[1] ?? "";
  } finally {
    redis.disconnect();
  }
}

/** Judges a version (pure); Valkey began above the oldest that works. */
export function judgeRedis(version: string): Verdict {
  const parsed = coerce(version);
  if (parsed === null)
    return warning("it answers, and does not say its version", "Make sure that it is 6.2 or newer.");
  if (lt(parsed, OLDEST_REDIS))
    return problem(`version ${version}; the cache needs 6.2 or newer`, "Upgrade Redis.");
  return ok(`version ${version}`);
}
