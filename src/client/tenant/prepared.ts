import { AsyncLocalStorage } from "node:async_hooks";
import { TenantryError } from "../../core/errors.js";
import type { PendingRows } from "./run-transaction.js";
import type { TenantDriver } from "./tenant-driver.js";

/** What Drizzle's `.prepare(name)` gives. */
export type DrizzlePrepared<TResult> = {
  execute(placeholderValues?: Record<string, unknown>): Promise<TResult>;
};

const drivers = new AsyncLocalStorage<TenantDriver>();

/**
 * The driver of a query that is built once for all tenants: it hands each statement to the driver of the tenant for whom
 * the query is being executed, and without one to none.
 */
export const unboundDriver = {
  options: { parsers: {}, serializers: {} },
  unsafe: (sql: string, parameters: readonly unknown[]): PendingRows => {
    const driver = drivers.getStore();
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

/** Executes a query that was built on {@link unboundDriver}, by a tenant's driver. */
export async function executeBound<TResult>(
  driver: TenantDriver,
  prepared: DrizzlePrepared<TResult>,
  values: Record<string, unknown> | undefined,
): Promise<TResult> {
  return await drivers.run(driver, () => prepared.execute(values));
}
