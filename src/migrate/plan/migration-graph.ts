import type { Migration } from "../folder/migration.js";

/** The parents of each migration, by name, and which migrations nothing follows. */
export type MigrationGraph = {
  readonly parents: ReadonlyMap<string, readonly string[]>;
  /** In the order of the folder. */
  readonly heads: readonly string[];
};

/**
 * The graph of a folder (pure). A migration whose parents are not known, for want of a snapshot, follows the one before
 * it.
 *
 * @param ordered as `orderMigrations` gives them.
 */
export function readGraph(ordered: readonly Pick<Migration, "name" | "parents">[]): MigrationGraph {
  const names = new Set(ordered.map(({ name }) => name));
  const parents = new Map(
    ordered.map(({ name, parents: known }, index) => {
      const before = ordered[index - 1]?.name;
      return [name, known?.filter((one) => names.has(one)) ?? (before === undefined ? [] : [before])];
    }),
  );
  const followed = new Set([...parents.values()].flat());
  return { parents, heads: ordered.map(({ name }) => name).filter((name) => !followed.has(name)) };
}

/** A migration and all that it builds on. */
export function ancestorsOf({ parents }: MigrationGraph, name: string): Set<string> {
  const found = new Set([name]);
  for (const one of found) for (const parent of parents.get(one) ?? []) found.add(parent);
  return found;
}
