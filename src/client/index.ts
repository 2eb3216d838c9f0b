export type { ErrorCode, RefusedStatement } from "../core/errors.js";
export { TenantryError } from "../core/errors.js";
export type {
  CacheChange,
  CachedQuery,
  CacheLookup,
  CacheScope,
  TenantCache,
} from "../redis/tenant-cache.js";
export type { AdminTransaction } from "./admin/admin-database.js";
export type { AdminWork } from "./admin/admin-work.js";
export type { ClientOptions } from "./connect.js";
export { connect } from "./connect.js";
export type { DoorCalls, DoorsByName } from "./doors/door-calls.js";
export type { ManifestDigest, OnManifestMismatch } from "./guards/guard-manifest.js";
export type { ClientOperation } from "./observe/observer.js";
export type { Span, Tracer } from "./observe/tracer.js";
export type { BatchQuery, BatchResults } from "./tenant/batch.js";
export { withTenant } from "./tenant/current-tenant.js";
export type { DrizzlePrepared } from "./tenant/prepared.js";
export type { AsOptions, TenantId } from "./tenant/tenant-id-input.js";
export type { PreparedForTenants, TenantClient, TenantDatabase } from "./tenant-client.js";
