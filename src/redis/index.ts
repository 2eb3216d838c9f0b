export type { ErrorCode } from "../core/errors.js";
export { TenantryError } from "../core/errors.js";
export { tenantCache } from "./cache/tenant-cache.js";
export type { TenantCacheOptions } from "./cache/tenant-cache-options.js";
export { connectRedis, DEFAULT_REDIS_URL } from "./connect-redis.js";
export type { RedisConnection } from "./redis-connection.js";
export type { CacheChange, CachedQuery, CacheLookup, CacheScope, TenantCache } from "./tenant-cache.js";
export type {
  IssuedToken,
  RefreshTokens,
  RefreshTokensOptions,
  RefusedToken,
  TokenOrigin,
} from "./tokens/refresh-tokens.js";
export { refreshTokens } from "./tokens/refresh-tokens.js";
export type { TokenBlacklist, TokenBlacklistOptions } from "./tokens/token-blacklist.js";
export { tokenBlacklist } from "./tokens/token-blacklist.js";
