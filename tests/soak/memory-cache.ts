import type { CacheScope, TenantCache } from "tenantry/client";

/** Results in memory, for each tenant by itself; what was filled before a change is never found after it. */
export function createMemoryCache(): TenantCache & { readonly hits: () => number } {
  const entries = new Map<string, { readonly rows: readonly unknown[]; readonly state: string }>();
  const versions = new Map<string, number>();
  let hits = 0;
  const key = ({ tenant, schemaDigest }: CacheScope, ...parts: string[]) =>
    JSON.stringify([schemaDigest, tenant, ...parts]);
  const stateOf = (scope: CacheScope, tables: readonly string[]) =>
    tables.map((table) => versions.get(key(scope, "table", table)) ?? 0).join();
  return {
    strategy: "explicit",
    hits: () => hits,
    lookUp: async (scope, query) => {
      const name = key(scope, "query", query.key);
      const state = stateOf(scope, query.tables);
      const found = entries.get(name);
      if (found?.state === state) {
        hits += 1;
        return { hit: true, rows: found.rows };
      }
      return { hit: false, fill: async (rows) => void entries.set(name, { rows, state }) };
    },
    invalidate: async (scope, { tables }) => {
      for (const table of tables) {
        const name = key(scope, "table", table);
        versions.set(name, (versions.get(name) ?? 0) + 1);
      }
    },
  };
}
