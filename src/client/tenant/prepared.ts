import { AsyncLocalStorage } from "node:async_hooks";
import { Cache, type MutationOption } from "drizzle-orm/cache/core";
import { entityKind } from "drizzle-orm/entity";
import { TenantryError } from "../../core/errors.js";
import type { PendingRows } from "./run-transaction.js";
import type { TenantDriver } from "./tenant-driver.js";

/** What Drizzle's `.prepare(name)` gives. */
export type DrizzlePrepared<TResult> = {
  execute(placeholderValues?: Record<string, unknown>): Promise<TResult>;
};

/** For whom a query that was built for all tenants is being executed. */
export type Bound = { readonly driver: TenantDriver; readonly cache: Cache | undefined };

const bounds = new AsyncLocalStorage<Bound>();

/** The cache of a query that is built once for all tenants: it keeps nothing, and tells the tenant's of what was changed. */
export class UnboundCache extends Cache {
  static override readonly [entityKind]: string = "UnboundCache";

  override strategy(): "explicit" {
    return "explicit";
  }

  override async get(): Promise<undefined> {}

  override async put(): Promise<void> {}

  override async onMutate(change: MutationOption): Promise<void> {
    await bounds.getStore()?.cache?.onMutate(change);
  }
}

/**
 * The driver of a query that is built once for all tenants: it hands each statement to the driver of the tenant for whom
 * the query is being executed, and without one to none.
 */
export const unboundDriver = {
  options: { parsers: {}, serializers: {} },
  unsafe: (sql: string, parameters: readonly unknown[]): PendingRows => {
    const driver = bounds.getStore()?.driver;
    if (driver !== undefined) return driver.unsafe(sql, parameters);
    throw new TenantryError({
      code: "context-missing",
      message: "A query prepared for all tenants was executed without one.",
      hint: "Name the tenant: prepared.as(id).execute(values).",
    });
  },
  begin: async (): Promise<never> => {
    throw new TenantryError({
      code: "argument-invalid",
      message: "db.prepare() was given a transaction.",
      hint: "Prepare single queries; run transactions with db.as(id).transaction().",
    });
  },
};

/** Executes a query that was built on {@link unboundDriver}, by a tenant's driver, and tells that tenant's cache. */
export async function executeBound<TResult>(
  bound: Bound,
  prepared: DrizzlePrepared<TResult>,
  values: Record<string, unknown> | undefined,
): Promise<TResult> {
  return await bounds.run(bound, () => prepared.execute(values));
}
