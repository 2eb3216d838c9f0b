import type { Table } from "drizzle-orm";
import { is } from "drizzle-orm/entity";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { getCacheKey } from "drizzle-orm/table";
import type { TenantCache } from "../../redis/tenant-cache.js";
import { declarationOf, setNullKeysOf } from "../../rls/table-declaration.js";

/** The tables that change when these do, by the names that Drizzle's cache has for them. */
export type AffectedTables = (changed: readonly string[]) => readonly string[];

/**
 * What Drizzle does not know of a change: foreign keys that delete or null what refers to it, and the audit rows that
 * triggers write. Other triggers are not known here either.
 */
export function createAffectedTables(tables: readonly unknown[]): AffectedTables {
  const followers = new Map<string, Set<string>>();
  const follow = (changed: Table, follower: Table) => {
    const names = followers.get(getCacheKey(changed)) ?? new Set<string>();
    followers.set(getCacheKey(changed), names.add(getCacheKey(follower)));
  };
  const known = tables.filter((table) => is(table, PgTable));
  // Drizzle evaluates a table's extras when they are asked for; declarations are among them.
  const configs = known.map((table) => ({ table, foreignKeys: getTableConfig(table).foreignKeys }));
  const log = known.find((table) => declarationOf(table)?.auditLog !== undefined);
  for (const { table, foreignKeys } of configs) {
    if (log !== undefined && declarationOf(table)?.audit === true) follow(table, log);
    const nulled = new Set(setNullKeysOf(table).map(({ constraint }) => constraint));
    for (const key of foreignKeys) {
      const acts = [key.onDelete, key.onUpdate].some((action) => !isIdle(action));
      if (acts || nulled.has(key.getName())) follow(key.reference().foreignTable, table);
    }
  }
  return (changed) => {
    const affected = new Set(changed);
    // A set goes on to what is added to it on the way.
    for (const name of affected) for (const follower of followers.get(name) ?? []) affected.add(follower);
    return [...affected];
  };
}

function isIdle(action: string | undefined): boolean {
  return action === undefined || action === "no action" || action === "restrict";
}

/** The same cache, told also of the tables that follow. */
export function withAffectedTables(cache: TenantCache, affected: AffectedTables): TenantCache {
  return {
    strategy: cache.strategy,
    lookUp: (scope, query) => cache.lookUp(scope, query),
    invalidate: (scope, { tables, tags }) => cache.invalidate(scope, { tables: affected(tables), tags }),
  };
}
