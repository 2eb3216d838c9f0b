import type { BuildableFact } from "../../catalog/way/fact-statements.js";
import { TenantryError } from "../../core/errors.js";
import type { Replay } from "../stamp/replay.js";
import { factsAfter } from "../stamp/replay.js";

/**
 * What a database is to be when one migration of a folder is undone and all others stay (pure).
 *
 * @param index of the migration, from 0.
 * @throws TenantryError `revert-conflicts` naming the later migrations that build on it.
 */
export function revertFacts(replay: Replay, index: number): readonly BuildableFact[] {
  const before = factsAfter(replay, index);
  const after = factsAfter(replay, index + 1);
  const head = factsAfter(replay, replay.steps.length);
  const step = replay.steps[index];
  if (step === undefined) throw new Error(`there is no step ${index}`);
  const keys = [...step.set.map(({ key }) => key), ...step.gone];
  const made = new Set(
    keys
      .filter((key) => !before.has(key))
      .flatMap((key) => (RELATION.test(key) ? [key.replace(RELATION, "")] : [])),
  );
  const conflicts = new Map<string, Set<string>>();
  const later = replay.steps.slice(index + 1);
  const blame = (isTouched: (key: string, within: string | undefined) => boolean) => {
    for (const { name, set, gone } of later) {
      const touched = [
        ...set.flatMap(({ key, within }) => (isTouched(key, within) ? [key] : [])),
        ...gone.filter((key) => isTouched(key, undefined)),
      ];
      if (touched.length > 0) conflicts.set(name, new Set([...(conflicts.get(name) ?? []), ...touched]));
    }
  };
  const wanted = new Map(head);
  for (const key of keys) {
    // The SQL of a table says all its columns: what counts is whether it is there, and its options.
    if (before.get(key)?.value === after.get(key)?.value) continue;
    if (isDerived(key)) continue;
    if (head.get(key)?.value === before.get(key)?.value) continue;
    if (head.get(key)?.value !== after.get(key)?.value) blame((other) => other === key);
    const restored = before.get(key);
    if (restored === undefined) wanted.delete(key);
    else wanted.set(key, restored);
  }
  blame(
    (key, within) =>
      within !== undefined && made.has(within) && head.has(key) && !after.has(key) && !isDerived(key),
  );
  if (conflicts.size > 0) throw conflicting(step.name, conflicts);
  const places = new Set(
    [...wanted.keys()].filter((key) => RELATION.test(key)).map((key) => key.replace(RELATION, "")),
  );
  return [...wanted.values()].filter(
    ({ within }) => within === undefined || !made.has(within) || places.has(within),
  );
}

const RELATION = /^(table|partitioned table|view|materialized view|foreign table) /;

/** What follows from the columns. */
function isDerived(key: string): boolean {
  return key.startsWith("column order of ");
}

function conflicting(name: string, conflicts: ReadonlyMap<string, ReadonlySet<string>>): TenantryError {
  return new TenantryError({
    code: "revert-conflicts",
    message: `${name} cannot be undone by itself: later migrations build on it.`,
    details: [...conflicts].map(([later, keys]) => `${later}: ${[...keys].join(", ")}`),
    hint: "Nothing was written. Undo those first, the newest before the others, each with create --revert NAME; or write the migration by hand.",
  });
}
