import type { TenantCache } from "tenantry/client";
import { tenantCache } from "tenantry/redis";
import type { RedisServer } from "../support/ill-treated-redis.js";

/** The cache that services use, in Redis, and how often it had what was asked for. */
export function createCountedCache(redis: RedisServer): TenantCache & { readonly hits: () => number } {
  const cache = tenantCache({ redis: redis.connect(), timeout: 50, waitFor: 20 });
  let hits = 0;
  return {
    ...cache,
    hits: () => hits,
    lookUp: async (scope, query) => {
      const found = await cache.lookUp(scope, query);
      if (found.hit) hits += 1;
      return found;
    },
  };
}
