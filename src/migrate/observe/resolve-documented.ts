import type { DocumentedEffects, WrittenName } from "./documented-effects.js";
import type { LockMode } from "./lock-mode.js";
import { strongerLock } from "./lock-mode.js";
import type { Effects } from "./observation.js";
import type { ShadowRelation } from "./read-relations.js";

/** Where names are looked up. */
export type NamePlace = {
  /** What is there when the statement runs, as far as is known. */
  readonly now: ReadonlyMap<string, ShadowRelation>;
  /** What was there when the plan began: only that is anybody's, and by its name there it is called. */
  readonly origin: ReadonlyMap<string, ShadowRelation>;
  /** Names that earlier pending statements make; of an index with its table. */
  readonly made: ReadonlyMap<string, WrittenName | undefined>;
};

/** What the manual says of a statement, about the tables of a database; an index stands for its table. */
export function resolveDocumented(documented: DocumentedEffects, place: NamePlace): Effects {
  const tables = (names: readonly WrittenName[] | undefined) => [
    ...new Set((names ?? []).flatMap((name) => findTable(name, place) ?? [])),
  ];
  const strongest = new Map<string, LockMode>();
  for (const { relation, mode } of documented.locks) {
    const table = findTable(relation, place);
    if (table !== undefined) strongest.set(table, strongerLock(mode, strongest.get(table) ?? mode));
  }
  const isKnown = ({ name }: WrittenName) =>
    place.made.has(name) || [...place.now.values()].some(({ bareName }) => bareName === name);
  const unknown = documented.locks.find(({ relation }) => !isKnown(relation));
  const isNew = documented.locks.length > 0 && strongest.size === 0;
  const unsure =
    unknown === undefined
      ? // A table that is not there yet has nothing to be unsure about.
        isNew
        ? undefined
        : documented.unsure
      : `it names ${unknown.relation.name}, which is not there by that name`;
  return {
    locks: [...strongest].map(([table, mode]) => ({ table, mode })),
    rewrites: tables(documented.rewrites),
    scans: tables(documented.scans),
    indexed: tables(documented.indexed),
    removes: tables(documented.removes),
    ...(unsure === undefined ? {} : { unsure }),
  };
}

/** Without a schema: that of `public`, else the only one of its name. Undefined for what is new. */
function findTable(written: WrittenName, place: NamePlace): string | undefined {
  const { schema, name } = written;
  const { now, origin, made } = place;
  const named = [...now.values()].filter(
    (relation) => relation.bareName === name && (schema === undefined || relation.schema === schema),
  );
  const found =
    named.find((relation) => relation.schema === "public") ?? (named.length === 1 ? named[0] : undefined);
  if (found !== undefined) return origin.get(found.indexOf ?? found.id)?.name;
  const table = made.get(name);
  return table === undefined ? undefined : findTable(table, { ...place, made: new Map() });
}
