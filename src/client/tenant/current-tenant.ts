import { AsyncLocalStorage } from "node:async_hooks";
import { TenantryError } from "../../core/errors.js";
import type { AsOptions, TenantIdInput } from "./tenant-id-input.js";

type Current = { readonly tenant: TenantIdInput; readonly options: AsOptions | undefined };

const current = new AsyncLocalStorage<Current>();

/**
 * Runs a function on behalf of a tenant: `db.current` is that tenant's database in whatever the function calls and
 * awaits. Inside, no other tenant can be taken.
 *
 * @throws TenantryError `isolation` inside another tenant's `withTenant`; `db.current` throws what `db.as` would.
 * @example
 * app.use((context, next) => withTenant(context.get("creatorId"), next));
 * const rows = await db.current.select().from(documents);
 */
export function withTenant<T>(tenant: TenantIdInput, use: () => T, options?: AsOptions): T {
  const around = current.getStore();
  if (around !== undefined && String(around.tenant) !== String(tenant))
    throw anotherTenant("withTenant() was called");
  return current.run({ tenant, options }, use);
}

/**
 * The tenant on whose behalf the running code was called.
 *
 * @throws TenantryError `context-missing` outside of `withTenant`, or where the context was lost on the way.
 */
export function requireCurrent(): Current {
  const around = current.getStore();
  if (around !== undefined) return around;
  throw new TenantryError({
    code: "context-missing",
    message: "db.current was used outside of withTenant(), or its context was lost.",
    hint: "Wrap the request in withTenant(id, () => …), or name the tenant: db.as(id). Work that is called back later, by a timer or an event, must be wrapped itself.",
  });
}

/** Refuses another tenant than the one on whose behalf the code runs: a slip, or an id that a request has smuggled in. */
export function refuseAnother(tenant: string, parse: (id: TenantIdInput) => string): void {
  const around = current.getStore();
  if (around === undefined || parse(around.tenant) === tenant) return;
  throw anotherTenant("db.as() was called for another tenant");
}

function anotherTenant(what: string): TenantryError {
  return new TenantryError({
    code: "isolation",
    message: `${what} inside withTenant() of another tenant.`,
    hint: "Use db.current there. What concerns several tenants runs outside of withTenant(), or as db.asAdmin().",
  });
}
