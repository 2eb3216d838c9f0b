import type { Migration } from "../folder/migration.js";

/** The parents of each migration, by name, and which migrations nothing follows. */
export type MigrationGraph = {
  readonly parents: ReadonlyMap<string, readonly string[]>;
  /** In the order of the folder. */
  readonly heads: readonly string[];
};

/**
 * The graph of a folder (pure). A migration whose parents are not known, for want of a snapshot, was written by hand: it
 * follows the one before it, and what comes after it follows it too. It is no branch of its own, unless the next one's
 * snapshot knows nothing of what it follows.
 *
 * @param ordered as `orderMigrations` gives them.
 */
export function readGraph(ordered: readonly Pick<Migration, "name" | "parents">[]): MigrationGraph {
  const names = new Set(ordered.map(({ name }) => name));
  const parents = new Map<string, readonly string[]>();
  // By the last of a row of migrations without a snapshot: the one with a snapshot that the row began behind.
  const open = new Map<string, string | undefined>();
  for (const [index, { name, parents: known }] of ordered.entries()) {
    const before = ordered[index - 1]?.name;
    if (known === undefined) {
      const anchor = before !== undefined && open.has(before) ? open.get(before) : before;
      if (before !== undefined) open.delete(before);
      open.set(name, anchor);
      parents.set(name, before === undefined ? [] : [before]);
      continue;
    }
    parents.set(
      name,
      known.filter((one) => names.has(one)),
    );
    if (open.size === 0) continue;
    const past = ancestorsOf({ parents }, name);
    const joined = [...open].filter(([, anchor]) => anchor === undefined || past.has(anchor));
    for (const [last] of joined) open.delete(last);
    const through = joined.map(([, anchor]) => anchor);
    const direct = parents.get(name)?.filter((one) => !through.includes(one)) ?? [];
    parents.set(name, [...direct, ...joined.map(([last]) => last)]);
  }
  const followed = new Set([...parents.values()].flat());
  return { parents, heads: ordered.map(({ name }) => name).filter((name) => !followed.has(name)) };
}

/** A migration and all that it builds on. */
export function ancestorsOf({ parents }: Pick<MigrationGraph, "parents">, name: string): Set<string> {
  const found = new Set([name]);
  for (const one of found) for (const parent of parents.get(one) ?? []) found.add(parent);
  return found;
}
