import { AsyncLocalStorage } from "node:async_hooks";
import { TenantryError } from "../core/errors.js";
import { quoteIdentifier, quoteLiteral } from "../core/identifiers.js";

/** The transaction that the running code is inside of. */
type Surrounding = { readonly tenant: string; readonly database: object; isOpen: boolean };

const surroundings = new AsyncLocalStorage<Surrounding>();

/**
 * The statement that sets the tenant context for the rest of a transaction. SET LOCAL and not `set_config`, which Citus
 * does not pass on to its workers; so the value is a literal, and must have been parsed by `parseTenantId`.
 *
 * @example setContextSql("app.creator_id", id) // set local "app"."creator_id" = '0192d0a4-…'
 */
export function setContextSql(setting: string, tenant: string): string {
  return `set local ${setting.split(".").map(quoteIdentifier).join(".")} = ${quoteLiteral(tenant)}`;
}

/** Runs a transaction's callback, and remembers whose it is for whatever it calls. */
export async function insideTenant<T>(tenant: string, database: object, use: () => Promise<T>): Promise<T> {
  const here: Surrounding = { tenant, database, isOpen: true };
  try {
    return await surroundings.run(here, use);
  } finally {
    // Work that the callback started and did not await may go on; it is no longer inside.
    here.isOpen = false;
  }
}

/**
 * Refuses a statement from inside a transaction that it would not be a part of: another tenant's, or the same
 * database's, where it would run on a second connection, past the transaction, and wait for it forever on a small pool.
 *
 * @throws TenantryError `isolation`
 */
export function refuseInside(tenant: string, database: object): void {
  const around = surroundings.getStore();
  if (around === undefined || !around.isOpen) return;
  if (around.tenant !== tenant) {
    throw new TenantryError({
      code: "isolation",
      message: "A tenant's database was used inside the transaction of another tenant.",
      hint: "End the first transaction before the other tenant's begins: one transaction is one tenant's.",
    });
  }
  if (around.database === database) {
    throw new TenantryError({
      code: "isolation",
      message: "The database was used inside a transaction, but not as a part of it.",
      hint: "Inside transaction(async (tx) => { … }) use tx, which also has tx.transaction() for savepoints.",
    });
  }
}
