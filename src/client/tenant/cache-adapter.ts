import { Cache, type MutationOption } from "drizzle-orm/cache/core";
import type { CacheConfig } from "drizzle-orm/cache/core/types";
import { entityKind } from "drizzle-orm/entity";
import { getCacheKey } from "drizzle-orm/table";
import type { CacheChange, CacheScope, TenantCache } from "../../redis/tenant-cache.js";
import { isGathering } from "./batch.js";
import { noteFill, takeFill } from "./cached-read.js";
import { isInside, noteInside } from "./surroundings.js";

/** Drizzle's cache interface over a {@link TenantCache}, for one tenant. */
export class TenantCacheAdapter extends Cache {
  static override readonly [entityKind]: string = "TenantCacheAdapter";
  readonly #cache: TenantCache;
  readonly #scope: CacheScope;
  readonly #database: object;

  /** @param database what transactions are known by. */
  constructor(cache: TenantCache, scope: CacheScope, database: object) {
    super();
    this.#cache = cache;
    this.#scope = scope;
    this.#database = database;
  }

  override strategy(): "explicit" | "all" {
    return this.#cache.strategy;
  }

  /** Inside a transaction nothing is looked up: it must see what it has written, and nobody else may yet. */
  override async get(
    key: string,
    tables: string[],
    isTag: boolean,
    isAutoInvalidate = true,
  ): Promise<unknown[] | undefined> {
    if (isInside(this.#database)) return undefined;
    const found = await this.#cache.lookUp(this.#scope, {
      key,
      tables,
      isTag,
      autoInvalidate: isAutoInvalidate,
      mayWait: !isGathering(),
    });
    if (found.hit) return [...found.rows];
    noteFill(found.fill);
    return undefined;
  }

  /** What a transaction reads is not kept: it may be rolled back. */
  override async put(
    _key: string,
    response: unknown,
    _tables: string[],
    _isTag: boolean,
    config?: CacheConfig,
  ): Promise<void> {
    const fill = takeFill();
    if (isInside(this.#database)) return;
    if (fill !== undefined && Array.isArray(response)) await fill(response, config);
  }

  /** Outside a transaction the change is committed by now; inside, it will be reported when it is. */
  override async onMutate({ tables = [], tags = [] }: MutationOption): Promise<void> {
    const names = [tables].flat().map((table) => (typeof table === "string" ? table : getCacheKey(table)));
    const change: CacheChange = { tables: names, tags: [tags].flat() };
    if (!noteInside(this.#database, change)) await this.#cache.invalidate(this.#scope, change);
  }
}

/** Reports the changes of a committed transaction. */
export async function reportChanges(
  cache: TenantCache,
  scope: CacheScope,
  noted: readonly unknown[],
): Promise<void> {
  const changes = noted as readonly CacheChange[];
  const tables = [...new Set(changes.flatMap((change) => change.tables))];
  const tags = [...new Set(changes.flatMap((change) => change.tags))];
  await cache.invalidate(scope, { tables, tags });
}
