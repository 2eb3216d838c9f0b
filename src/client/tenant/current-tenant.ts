import { TenantryError } from "../../core/errors.js";
import { sharedStorage } from "./shared-storage.js";
import type { AsOptions, TenantIdInput } from "./tenant-id-input.js";

type Current = { readonly tenant: TenantIdInput; readonly options: AsOptions | undefined };

/** What is remembered of a `withTenant`, and of those around it: they are of the same tenant. */
type Scope = Current & { readonly outer: Scope | undefined; hasWritten: boolean };

const current = sharedStorage<Scope>("current.1");

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
  return current.run({ tenant, options, outer: around, hasWritten: false }, use);
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
  throw anotherTenant("The database of another tenant was used");
}

/** Remembers to the end of the `withTenant` around, and of those around that, that something was written. */
export function noteWriteInScope(): void {
  for (let scope = current.getStore(); scope !== undefined; scope = scope.outer) scope.hasWritten = true;
}

/** True if something was written in the `withTenant` around, or in one around that. */
export function hasWrittenInScope(): boolean {
  for (let scope = current.getStore(); scope !== undefined; scope = scope.outer)
    if (scope.hasWritten) return true;
  return false;
}

function anotherTenant(what: string): TenantryError {
  return new TenantryError({
    code: "isolation",
    message: `${what} inside withTenant() of another tenant.`,
    hint: "Use db.current there. What concerns several tenants runs outside of withTenant(), or as db.asAdmin().",
  });
}
