import { randomBytes } from "node:crypto";
import type { GuardedRedis } from "../guarded-redis.js";
import { cacheKey } from "./cache-key.js";
import { FILL, INVALIDATE, LOOK } from "./cache-scripts.js";
import type { CacheStore, Entry, Filling, Found } from "./cache-store.js";
import { OwedInvalidations } from "./owed-invalidations.js";

/** How much is kept, and for how long. */
export type RedisStoreLimits = {
  readonly prefix: string;
  /** Bytes at most that one tenant's entries take. */
  readonly maxTenantBytes: number;
  /** Milliseconds that an entry is kept at most. */
  readonly longestTtl: number;
  /** Milliseconds that one caller leads; then another may run the query, too. */
  readonly leadFor: number;
};

/** Entries and versions of one tenant, at most. */
const MAX_FIELDS = 10_000;

/** Entries in Redis, one hash for each tenant and schema. */
export class RedisStore implements CacheStore {
  readonly #redis: GuardedRedis;
  readonly #limits: RedisStoreLimits;
  readonly #owed: OwedInvalidations;

  constructor(redis: GuardedRedis, limits: RedisStoreLimits) {
    this.#redis = redis;
    this.#limits = limits;
    this.#owed = new OwedInvalidations(
      (scope, changed) => this.#invalidate(scope, changed),
      limits.longestTtl,
    );
  }

  async look(entry: Entry, claim: string): Promise<Found> {
    const unavailable = { state: "unavailable" } as const;
    if (!(await this.#owed.settle(entry.scope))) return unavailable;
    const { leadFor, longestTtl } = this.#limits;
    const fresh = randomBytes(16).toString("base64url");
    const reply = await this.#redis.run(LOOK, this.#keyOf(entry.scope), [
      ...[entry.name, fresh, claim, leadFor, longestTtl],
      ...entry.dependsOn,
    ]);
    // A commit in between may have found Redis gone.
    if (reply === undefined || this.#owed.owes(entry.scope)) return unavailable;
    const [state, content, part] = reply;
    if (state === "hit" && typeof content === "string") return { state, text: content };
    if (state === "miss" && typeof content === "string")
      return { state, versions: content, leads: part === "leads" };
    return unavailable;
  }

  async fill(entry: Entry, claim: string, { versions, text, ttl }: Filling): Promise<void> {
    if (this.#owed.owes(entry.scope)) return;
    const { longestTtl, maxTenantBytes } = this.#limits;
    await this.#redis.run(FILL, this.#keyOf(entry.scope), [
      ...[entry.name, claim, versions, ttl, longestTtl, maxTenantBytes, MAX_FIELDS, text],
      ...entry.dependsOn,
    ]);
  }

  async invalidate(scope: string, changed: readonly string[]): Promise<boolean> {
    const isDone = await this.#invalidate(scope, changed);
    if (!isDone) this.#owed.add(scope, changed);
    return isDone;
  }

  async #invalidate(scope: string, changed: readonly string[]): Promise<boolean> {
    return (await this.#redis.run(INVALIDATE, this.#keyOf(scope), changed)) !== undefined;
  }

  #keyOf(scope: string): string {
    return cacheKey(this.#limits.prefix, scope);
  }
}
