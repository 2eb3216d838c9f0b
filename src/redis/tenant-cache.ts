import type { CacheConfig } from "drizzle-orm/cache/core/types";

/** Whose results, and of which schema: part of every key, so that neither another tenant nor another version meets them. */
export type CacheScope = {
  readonly tenant: string;
  /** The manifest's digest; a migration that changes the schema starts a new key space. */
  readonly schemaDigest: string;
};

/** One query, as Drizzle describes it. */
export type CachedQuery = {
  /** Drizzle's hash of the query's text and parameters, or the tag that the caller gave. */
  readonly key: string;
  readonly tables: readonly string[];
  readonly isTag: boolean;
  /** False: kept until it expires, whatever is written. */
  readonly autoInvalidate: boolean;
  /** False where it must not wait for another query's result: in a batch, which is sent when all have asked. */
  readonly mayWait: boolean;
};

/** What a cache found; and how to fill it where it found nothing, under the state that it was asked in. */
export type CacheLookup =
  | { readonly hit: true; readonly rows: readonly unknown[] }
  | { readonly hit: false; readonly fill: (rows: readonly unknown[], config?: CacheConfig) => Promise<void> };

/** What has been changed by a transaction that is committed. */
export type CacheChange = { readonly tables: readonly string[]; readonly tags: readonly string[] };

/**
 * A cache of query results that keeps tenants apart. The client asks it outside of transactions only, and reports
 * changes when they are committed, not before, and not at all when they are rolled back. It never throws: a cache that
 * is down is a cache that finds nothing.
 */
export type TenantCache = {
  /** `all`: every query is looked up unless it says otherwise; `explicit`: those with `$withCache()`. */
  readonly strategy: "all" | "explicit";
  lookUp(scope: CacheScope, query: CachedQuery): Promise<CacheLookup>;
  invalidate(scope: CacheScope, change: CacheChange): Promise<void>;
};
