import { compareMigrations } from "../folder/compare-migrations.js";
import type { Migration } from "../folder/migration.js";

/**
 * The order in which to apply migrations: parents before children, and by their own key where no parent says more. The
 * same whatever order they come in. A circle of parents is broken at its oldest.
 */
export function orderMigrations<M extends Migration>(folder: readonly M[]): M[] {
  const byKey = [...folder].sort(compareMigrations);
  const byName = new Map(byKey.map((migration) => [migration.name, migration]));
  const begun = new Set<M>();
  const done = new Set<M>();
  for (const root of byKey) {
    // A stack of its own and no recursion: each of a thousand migrations may sort before the one that it follows.
    const stack = [root];
    for (let current = stack.at(-1); current !== undefined; current = stack.at(-1)) {
      begun.add(current);
      const waiting = done.has(current)
        ? undefined
        : parentsOf(current, byName).find((one) => !begun.has(one));
      if (waiting === undefined) done.add(stack.pop() ?? current);
      else stack.push(waiting);
    }
  }
  return [...done];
}

function parentsOf<M extends Migration>(migration: M, byName: ReadonlyMap<string, M>): M[] {
  return (migration.parents ?? []).flatMap((name) => byName.get(name) ?? []).sort(compareMigrations);
}
