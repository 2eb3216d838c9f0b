import type { Origin, TableState } from "./schema-state.js";
import type { SqlContext } from "./sql-rule.js";

/** A table that has rows of other tables, and how it came to be. */
export type Offspring = {
  readonly table: TableState;
  readonly origin: Extract<Origin, { readonly of: readonly number[] }>;
};

/**
 * Parts or copies of tenant tables that have no protection of their own: at the end of all migrations, and at the end of
 * each that is still to be run. Those that the schema declares are judged like every declared table.
 */
export function findOffspring(context: SqlContext, kind: "child" | "copy"): Offspring[] {
  const states = [
    context.final,
    ...context.units.flatMap(({ migration, endsMigration, after }) =>
      migration.isNew && endsMigration ? [after] : [],
    ),
  ];
  const found = new Map<object, Offspring>();
  for (const state of states) {
    for (const table of state.tables.values()) {
      const { origin } = table;
      if (origin.kind !== kind || context.declared.has(table.id) || isProtected(table)) continue;
      if (origin.of.some((id) => context.tenantTables.has(id))) found.set(origin.at, { table, origin });
    }
  }
  return [...found.values()];
}

/** What it has to have by itself: nothing of it is taken over from the table that it comes from. */
function isProtected(table: TableState): boolean {
  return table.rowSecurity && table.forced && table.policies.size > 0;
}
