import { AsyncLocalStorage } from "node:async_hooks";
import type { CacheConfig } from "drizzle-orm/cache/core/types";

/** Keeps the rows of a query that the cache did not have. */
export type Fill = (rows: readonly unknown[], config?: CacheConfig) => Promise<void>;

/** One execution of a query: what it may fill belongs to it alone, however many run the same query at once. */
type CachedRead = { fill: Fill | undefined };

const reads = new AsyncLocalStorage<CachedRead>();

/** Runs one execution of a query, from the look-up in the cache to the filling of it. */
export function insideCachedRead<T>(use: () => T): T {
  return reads.run({ fill: undefined }, use);
}

/** Remembers what this execution fills; false where it is none, and nothing may be filled. */
export function noteFill(fill: Fill): boolean {
  const read = reads.getStore();
  if (read !== undefined) read.fill = fill;
  return read !== undefined;
}

/** What this execution fills, once. */
export function takeFill(): Fill | undefined {
  const read = reads.getStore();
  const fill = read?.fill;
  if (read !== undefined) read.fill = undefined;
  return fill;
}

/** True for a statement whose rows will be kept: a replica that lags behind must not answer it. */
export function isFilling(): boolean {
  return reads.getStore()?.fill !== undefined;
}
