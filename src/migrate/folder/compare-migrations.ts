import type { Migration } from "./migration.js";

/**
 * The order in which migrations run where no snapshot says more: the journal's, else the time in the name, else the name.
 * By code units, so that it is the same on every machine.
 */
export function compareMigrations(one: Migration, other: Migration): number {
  if (one.index !== undefined && other.index !== undefined) return one.index - other.index;
  if (one.createdAt !== other.createdAt) return one.createdAt - other.createdAt;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}
