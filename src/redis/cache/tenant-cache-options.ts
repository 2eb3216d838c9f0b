import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import type { RedisConnection } from "../redis-connection.js";

/** How results are cached; every field has a default. */
export type TenantCacheOptions = {
  /** A client of ioredis: standalone, with sentinels, or a cluster. Without one, entries are kept in this process. */
  readonly redis?: RedisConnection;
  /** `explicit`, the default: queries with `$withCache()`. `all`: every select that does not say `$withCache(false)`. */
  readonly strategy?: "explicit" | "all";
  /** Milliseconds that an entry is kept, where a query does not say. From 1 to 3,600,000; default 60,000. */
  readonly ttl?: number;
  /** Bytes of one result at most; a larger one is not cached. Default 262,144. */
  readonly maxEntryBytes?: number;
  /** Bytes of one tenant's results at most. Default 8,388,608. */
  readonly maxTenantBytes?: number;
  /** Tenants of whom results are kept in memory, without Redis. Default 1,000. */
  readonly maxTenants?: number;
  /** Milliseconds to wait for Redis at most, for each call. Default 100. */
  readonly timeout?: number;
  /** Milliseconds to wait for the same query of somebody else at most; then it is run as well. Default 250. */
  readonly waitFor?: number;
  /** What the keys in Redis begin with. Default `tenantry`. */
  readonly prefix?: string;
  /** Is told each failure of Redis, for logs. */
  readonly onProblem?: (thrown: unknown) => void;
};

/** Milliseconds that any entry is kept at most: an hour. */
export const LONGEST_TTL_MS = 3_600_000;
const MAX_WAIT_MS = 60_000;

const whole = (least: number, most: number) => z.number().int().min(least).max(most);

const schema = z.object({
  strategy: z.enum(["explicit", "all"]).default("explicit"),
  ttl: whole(1, LONGEST_TTL_MS).default(60_000),
  maxEntryBytes: whole(1, 2 ** 27).default(262_144),
  maxTenantBytes: whole(1, 2 ** 31).default(8_388_608),
  maxTenants: whole(1, 10_000_000).default(1000),
  timeout: whole(1, MAX_WAIT_MS).default(100),
  waitFor: whole(0, MAX_WAIT_MS).default(250),
  prefix: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, "letters, digits, and any of _ . : -")
    .default("tenantry"),
});

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TenantryError `argument-invalid`, naming each field that is wrong.
 */
export function parseTenantCacheOptions(options: TenantCacheOptions): z.output<typeof schema> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new TenantryError({
    code: "argument-invalid",
    message: "The options of tenantCache() are not valid.",
    details: parsed.error.issues.map((issue) => `${issue.path.join(".") || "options"}: ${issue.message}`),
    hint: "Correct the fields; each has a default.",
  });
}
