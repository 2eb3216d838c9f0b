import { AsyncLocalStorage } from "node:async_hooks";

/**
 * An AsyncLocalStorage that all copies of this module in a process share: bundlers put the same package into several
 * bundles (Next.js does), and what one copy knows of the tenant, the others must not miss.
 *
 * @param name with the number of its contents' form, which every copy must agree on.
 */
export function sharedStorage<T>(name: `${string}.${number}`): AsyncLocalStorage<T> {
  const key = Symbol.for(`tenantry.${name}`);
  const known: unknown = Reflect.get(globalThis, key);
  if (known instanceof AsyncLocalStorage) return known;
  const storage = new AsyncLocalStorage<T>();
  Reflect.set(globalThis, key, storage);
  return storage;
}
