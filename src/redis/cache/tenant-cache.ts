import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { CacheConfig } from "drizzle-orm/cache/core/types";
import { GuardedRedis } from "../guarded-redis.js";
import type { CachedQuery, CacheLookup, CacheScope, TenantCache } from "../tenant-cache.js";
import { digestOf } from "./cache-key.js";
import type { CacheStore, Entry } from "./cache-store.js";
import { decodeRows, encodeRows } from "./encode-rows.js";
import { MemoryStore } from "./memory-store.js";
import { RedisStore } from "./redis-store.js";
import type { TenantCacheOptions } from "./tenant-cache-options.js";
import { LONGEST_TTL_MS, parseTenantCacheOptions } from "./tenant-cache-options.js";

/** Milliseconds for which others wait for one that runs the query; it may have failed, or died. */
const LEAD_MS = 2000;
/** Milliseconds between two looks of one that waits for another process. */
const LOOK_AGAIN_MS = 15;
/** An entry is not filled by a query that took longer. */
const LONGEST_QUERY_MS = LONGEST_TTL_MS;

const NOTHING: CacheLookup = { hit: false, fill: async () => {} };

/**
 * A cache of query results for `connect({ cache })`, in Redis or, without one, in memory. What is kept for a tenant is
 * found by that tenant alone, and in the same schema alone. A committed transaction makes invalid what was read from the
 * tables that it has changed, before it is reported as committed; one that is rolled back changes nothing. Where Redis
 * does not answer within the timeout, the database is asked.
 *
 * @throws TenantryError `argument-invalid`
 * @example
 * const cache = tenantCache({ redis: new Redis(process.env.REDIS_URL ?? ""), ttl: 30_000 });
 * const db = await connect({ url, relations, cache });
 * const rows = await db.as(creatorId).select().from(documents).$withCache();
 */
export function tenantCache(options: TenantCacheOptions = {}): TenantCache {
  const { redis, onProblem } = options;
  const settings = parseTenantCacheOptions(options);
  const { maxEntryBytes, maxTenantBytes, maxTenants, prefix, timeout, ttl, waitFor } = settings;
  const store: CacheStore =
    redis === undefined
      ? new MemoryStore({ maxTenantBytes, maxTenants, leadFor: LEAD_MS })
      : new RedisStore(new GuardedRedis({ redis, timeout, onProblem }), {
          ...{ prefix, maxTenantBytes, leadFor: LEAD_MS, longestTtl: LONGEST_TTL_MS },
        });
  /** What this process leads, so that those that wait here need not look again and again. */
  const flights = new Map<string, Promise<void>>();

  const lookUp = async (scope: CacheScope, query: CachedQuery): Promise<CacheLookup> => {
    const entry = entryOf(scope, query);
    // Nothing would ever make it invalid: a query over a view, or over nothing.
    if (entry.dependsOn.length === 0 && query.autoInvalidate) return NOTHING;
    const flight = `${entry.scope} ${entry.name}`;
    const claim = randomBytes(12).toString("base64url");
    const deadline = performance.now() + (query.mayWait ? waitFor : 0);
    for (;;) {
      const found = await store.look(entry, claim);
      if (found.state === "unavailable") return NOTHING;
      if (found.state === "hit") {
        const rows = decodeRows(found.text);
        return rows === undefined ? NOTHING : { hit: true, rows };
      }
      const left = deadline - performance.now();
      if (found.leads || left <= 0) {
        const land = found.leads ? takeOff(flights, flight) : () => {};
        return { hit: false, fill: fillWith(entry, claim, found.versions, land) };
      }
      await Promise.race([
        wait(Math.min(left, flights.has(flight) ? left : LOOK_AGAIN_MS)),
        flights.get(flight),
      ]);
    }
  };

  const fillWith = (entry: Entry, claim: string, versions: string, land: () => void) => {
    const begun = performance.now();
    return async (rows: readonly unknown[], config?: CacheConfig): Promise<void> => {
      try {
        if (performance.now() - begun > LONGEST_QUERY_MS) return;
        const keepFor = Math.min(ttlOf(config) ?? ttl, LONGEST_TTL_MS);
        const text = keepFor < 1 ? undefined : encodeRows(rows);
        const fits = text !== undefined && Buffer.byteLength(text) <= maxEntryBytes;
        await store.fill(entry, claim, { versions, text: fits ? text : "", ttl: Math.floor(keepFor) });
      } finally {
        land();
      }
    };
  };

  return {
    strategy: settings.strategy,
    lookUp,
    invalidate: async (scope, { tables, tags }) => {
      const changed = [...tables.map(nameOfTable), ...tags.map(nameOfTag)];
      if (changed.length > 0) await store.invalidate(digestOf(scope.schemaDigest, scope.tenant), changed);
    },
  };
}

function takeOff(flights: Map<string, Promise<void>>, name: string): () => void {
  let land = () => {};
  const flight = new Promise<void>((resolve) => {
    land = resolve;
  });
  flights.set(name, flight);
  const end = () => {
    clearTimeout(timer);
    if (flights.get(name) === flight) flights.delete(name);
    land();
  };
  // A query that fails never says so.
  const timer = setTimeout(end, LEAD_MS);
  timer.unref();
  return end;
}

function entryOf(scope: CacheScope, { key, tables, isTag, autoInvalidate }: CachedQuery): Entry {
  const dependsOn = [...(autoInvalidate ? tables.map(nameOfTable) : []), ...(isTag ? [nameOfTag(key)] : [])];
  return {
    scope: digestOf(scope.schemaDigest, scope.tenant),
    name: digestOf(isTag ? "tag" : "query", key),
    dependsOn: [...new Set(dependsOn)].sort(),
  };
}

const nameOfTable = (table: string) => `t${table}`;
const nameOfTag = (tag: string) => `g${tag}`;

/** Milliseconds that a query asked for, undefined if it did not. */
function ttlOf(config: CacheConfig | undefined): number | undefined {
  if (config?.px !== undefined) return config.px;
  if (config?.ex !== undefined) return config.ex * 1000;
  if (config?.pxat !== undefined) return config.pxat - Date.now();
  if (config?.exat !== undefined) return config.exat * 1000 - Date.now();
  return undefined;
}
