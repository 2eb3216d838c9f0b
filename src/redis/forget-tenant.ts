import { cacheKey, digestOf } from "./cache/cache-key.js";
import { GuardedRedis } from "./guarded-redis.js";
import type { RedisConnection } from "./redis-connection.js";
import { RevocationMarks } from "./tokens/revocation-marks.js";
import { spellTenant } from "./tokens/spell-tenant.js";

/** Whom to forget, and under which keys. */
export type ForgetTenantRequest = {
  readonly redis: RedisConnection;
  /** Parsed by `parseTenantId`. */
  readonly tenant: string;
  /** As the clients of services have it in the scope of their cache: the database, and what the schema looks like. */
  readonly schemaDigests: readonly string[];
  /** What the keys begin with. Default `tenantry`, as `tenantCache()` and `tokenBlacklist()` have it. */
  readonly prefix?: string;
};

/** What was forgotten. */
export type ForgottenTenant = {
  /** Caches that were deleted: one for each schema under which results were kept. */
  readonly caches: number;
  /** True if Redis confirmed that all access tokens issued until now are revoked. */
  readonly tokensRevoked: boolean;
};

const DAY_MS = 86_400_000;
const REDIS_TIMEOUT_MS = 2000;

/**
 * Deletes what the cache keeps for a tenant, and revokes all its access tokens for a day, which is as long as the blacklist
 * takes one to be good for. Single tokens on the blacklist stay until they expire: their keys are digests that name nobody.
 *
 * @throws what Redis throws.
 */
export async function forgetTenant(request: ForgetTenantRequest): Promise<ForgottenTenant> {
  const { redis, tenant, schemaDigests, prefix = "tenantry" } = request;
  let caches = 0;
  // One by one: in a cluster each may be on another server.
  for (const digest of new Set(schemaDigests))
    caches += Number(await redis.call("del", [cacheKey(prefix, digestOf(digest, tenant))]));
  let isConfirmed = true;
  const onProblem = () => {
    isConfirmed = false;
  };
  const guarded = new GuardedRedis({ redis, timeout: REDIS_TIMEOUT_MS, onProblem });
  const marks = new RevocationMarks(guarded, { prefix, trustFor: 0 });
  await marks.revoke(["all", spellTenant(tenant)], Date.now(), DAY_MS + 1);
  return { caches, tokensRevoked: isConfirmed };
}
