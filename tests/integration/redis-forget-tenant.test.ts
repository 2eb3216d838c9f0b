import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectRedis } from "../../src/redis/connect-redis.js";
import { forgetTenant } from "../../src/redis/forget-tenant.js";
import { GuardedRedis } from "../../src/redis/guarded-redis.js";
import { tenantCache } from "../../src/redis/index.js";
import { RevocationMarks } from "../../src/redis/tokens/revocation-marks.js";
import { redisUrl } from "../support/redis-url.js";

const ID = "019b76da-0000-7000-8000-00000000000a";
const prefix = `forget-${process.pid}`;
let redis: Redis;
beforeAll(async () => {
  redis = await connectRedis(redisUrl);
});
afterAll(async () => {
  redis.disconnect();
});

it("deletes what the cache holds of a tenant, revokes its tokens, and leaves another tenant alone", async () => {
  const cache = tenantCache({ redis, prefix });
  const query = { key: "q", tables: ["documents"], isTag: false, autoInvalidate: true, mayWait: false };
  const scopes = [ID, "other"].map((tenant) => ({ tenant, schemaDigest: "database digest" }));
  for (const scope of scopes) {
    const found = await cache.lookUp(scope, query);
    if (!found.hit) await found.fill([["a row of the tenant"]]);
  }
  const request = { redis, tenant: ID, schemaDigests: ["database digest", "another", "another"], prefix };
  expect(await forgetTenant(request)).toEqual({ caches: 1, tokensRevoked: true });
  expect(await Promise.all(scopes.map(async (scope) => (await cache.lookUp(scope, query)).hit))).toEqual([
    false,
    true,
  ]);
  const marks = new RevocationMarks(new GuardedRedis({ redis }), { prefix, trustFor: 2000 });
  expect((await marks.look(["all", ID], 1000)).cutoff).toBeGreaterThan(Date.now() - 60_000);
  expect((await marks.look(["all", "other"], 1000)).cutoff).toBeUndefined();
});
