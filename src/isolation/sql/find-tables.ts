import type { TableState } from "./schema-state.js";
import type { SqlContext } from "./sql-rule.js";

/** Every state of a table that matters: at the end of all migrations, and after each commit that is still to be run. */
export function findTables({ final, units }: SqlContext): TableState[] {
  const states = [final, ...units.filter(({ migration }) => migration.isNew).map(({ after }) => after)];
  return [...new Set(states.flatMap(({ tables }) => [...tables.values()]))];
}
