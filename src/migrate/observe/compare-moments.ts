import type { LockMode } from "./lock-mode.js";
import { blockedBy, parseLockMode, strongerLock } from "./lock-mode.js";
import type { Effects, StatementLock } from "./observation.js";
import type { ShadowRelation } from "./read-relations.js";

/** What a session sees at one moment of its transaction. */
export type Moment = {
  readonly relations: ReadonlyMap<string, ShadowRelation>;
  readonly scans: ReadonlyMap<string, number>;
  readonly locks: readonly { readonly id: string; readonly mode: string }[];
};

/**
 * What was done between two moments of one transaction. What was not there when the plan began is left out: nobody waits for
 * it, and nobody's rows are in it.
 *
 * @param origin the relations when the plan began; what has been renamed since is called by its name there.
 */
export function compareMoments(
  before: Moment,
  after: Moment,
  origin: ReadonlyMap<string, ShadowRelation>,
): Effects {
  const nameOf = (id: string) => origin.get(id)?.name ?? "";
  const isStored = ({ kind }: ShadowRelation) => kind === "r" || kind === "m" || kind === "p";
  const old = [...after.relations.values()].filter((one) => origin.has(one.id) && isStored(one));
  const rewrites = old.filter(({ id, file }) => file !== before.relations.get(id)?.file).map(({ id }) => id);
  const files = new Set([...before.relations.values()].map(({ file }) => file));
  const indexed = [...after.relations.values()].flatMap(({ kind, file, indexOf }) =>
    kind === "i" && indexOf !== null && origin.has(indexOf) && !files.has(file) ? indexOf : [],
  );
  const scans = old
    .filter(({ id }) => (after.scans.get(id) ?? 0) > (before.scans.get(id) ?? 0))
    .map(({ id }) => id);
  const isGone = (id: string | null) => id !== null && before.relations.has(id) && !after.relations.has(id);
  const gone = [...origin.values()]
    .filter((one) => isStored(one) && isGone(one.id) && !isGone(one.childOf))
    .map(({ id }) => id);
  const names = (ids: readonly string[]) =>
    [...new Set(ids)]
      .filter((id) => ids === rewrites || !rewrites.includes(id))
      .map(nameOf)
      .sort();
  return {
    locks: compareLocks(before, after, origin),
    rewrites: names(rewrites),
    scans: names(scans),
    indexed: names(indexed),
    removes: names(gone),
  };
}

function compareLocks(
  before: Moment,
  after: Moment,
  origin: ReadonlyMap<string, ShadowRelation>,
): StatementLock[] {
  const held = new Set(before.locks.map(({ id, mode }) => `${id} ${mode}`));
  const strongest = new Map<string, LockMode>();
  for (const { id, mode: name } of after.locks) {
    const mode = parseLockMode(name);
    if (mode === undefined || held.has(`${id} ${name}`)) continue;
    strongest.set(id, strongerLock(mode, strongest.get(id) ?? mode));
  }
  return [...strongest]
    .flatMap(([id, mode]): StatementLock[] => {
      const relation = origin.get(id);
      if (relation === undefined || relation.indexOf !== null || relation.kind === "I") return [];
      // nextval() and the like, for which nobody waits.
      if (relation.kind === "S" && blockedBy(mode) === "nothing") return [];
      const top = topmost(relation, origin);
      return [{ table: relation.name, mode, ...(top === relation ? {} : { partitionOf: top.name }) }];
    })
    .sort((one, other) => (one.table < other.table ? -1 : 1));
}

function topmost(relation: ShadowRelation, origin: ReadonlyMap<string, ShadowRelation>): ShadowRelation {
  let top = relation;
  // A partition cannot contain itself; the count is against a catalog that is broken.
  for (let step = 0; step < 100 && top.childOf !== null; step += 1) {
    const parent = origin.get(top.childOf);
    if (parent === undefined) break;
    top = parent;
  }
  return top;
}
