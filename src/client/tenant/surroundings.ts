import { TenantryError } from "../../core/errors.js";
import { sharedStorage } from "./shared-storage.js";

/** The transaction that the running code is inside of. */
type Surrounding = {
  readonly tenant: string;
  readonly database: object;
  /** What is to be done once the transaction is committed. */
  readonly noted: unknown[];
  isOpen: boolean;
};

const surroundings = sharedStorage<Surrounding>("surroundings.1");

/**
 * Runs a transaction's callback, and remembers whose it is for whatever it calls.
 *
 * @param noted is filled by {@link noteInside}.
 */
export async function insideTenant<T>(
  tenant: string,
  database: object,
  noted: unknown[],
  use: () => Promise<T>,
): Promise<T> {
  const here: Surrounding = { tenant, database, noted, isOpen: true };
  try {
    return await surroundings.run(here, use);
  } finally {
    // Work that the callback started and did not await may go on; it is no longer inside.
    here.isOpen = false;
  }
}

/** True inside the callback of a transaction of this database. */
export function isInside(database: object): boolean {
  return openTransactionOf(database) !== undefined;
}

/** Remembers something until the transaction around is committed; false outside of one. */
export function noteInside(database: object, note: unknown): boolean {
  const around = openTransactionOf(database);
  around?.noted.push(note);
  return around !== undefined;
}

function openTransactionOf(database: object): Surrounding | undefined {
  const around = surroundings.getStore();
  return around?.isOpen && around.database === database ? around : undefined;
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
