import { RANK } from "../objects/catalog-object.js";
import { changeEnum, tablesRetypedByEnum } from "./change-enum.js";
import { changeColumn } from "./column-sql.js";
import type { BuildableFact } from "./fact-statements.js";

/** What leads from one state of a database to another. */
export type Way = {
  readonly statements: readonly string[];
  /** Differences for which there is no SQL, in words. */
  readonly rest: readonly string[];
};

/**
 * The SQL that makes the facts of one database those of another. It knows no renames: what is called otherwise is another
 * thing. Where a statement needs what it does not mention (a view over a column that changes), the server refuses it.
 */
export function planWay(from: readonly BuildableFact[], to: readonly BuildableFact[]): Way {
  const there = new Map(from.map((fact) => [fact.key, fact]));
  const wanted = new Map(to.map((fact) => [fact.key, fact]));
  const retyped = retypedTables(there, to);
  const stands = (fact: BuildableFact) => !standsOn(fact, retyped, wanted);
  const renamed = findRenamed(
    from.filter(({ key }) => !wanted.has(key)),
    to.filter(({ key }) => !there.has(key)),
  );
  const gone = from.filter((fact) => (!wanted.has(fact.key) || !stands(fact)) && !renamed.has(fact.key));
  const made = to.filter((fact) => (!there.has(fact.key) || !stands(fact)) && !renamed.has(fact.key));
  const changed = to.flatMap((fact) => {
    const before = there.get(fact.key);
    return before === undefined || before.value === fact.value ? [] : [changeFact(before, fact, from)];
  });
  const goes = new Set(gone.filter(takesAlong).map(placeOf));
  const comes = new Set(made.filter(takesAlong).map(placeOf));
  const partitions = partitionsOf(gone, goes);
  const drops = gone
    .filter((fact) => fact.within === undefined || !goes.has(fact.within) || hangsOnAnother(fact, goes))
    .filter((fact) => !goesWithParent(fact, partitions, gone))
    .map((fact) => ({ rank: fact.rank, statements: fact.drop, key: fact.key }));
  const makes = made
    .filter((fact) => !comesWith(fact, comes))
    .map((fact) => ({ rank: fact.rank, statements: fact.make, key: fact.key }));
  const rest = [...drops, ...makes].filter(({ statements }) => statements.length === 0);
  return {
    statements: [
      ...[...new Set(renamed.values())].map((statement) => ({ statements: [statement] })),
      ...byRank([...drops, ...changed.map(({ rank, drop }) => ({ rank, statements: drop }))]).reverse(),
      ...byRank([...makes, ...changed.map(({ rank, make }) => ({ rank, statements: make }))]),
    ].flatMap(({ statements }) => statements),
    rest: [
      ...rest.filter(({ key }) => !isImplied(key)).map(({ key }) => key),
      ...changed.filter(({ make }) => make.length === 0).map(({ key }) => key),
    ],
  };
}

/** Tables with a column whose type changes: no view may stand on them meanwhile. */
function retypedTables(there: ReadonlyMap<string, BuildableFact>, to: readonly BuildableFact[]): string[] {
  const typeOf = ({ value }: BuildableFact) => /"type":"(?:[^"\\]|\\.)*"/.exec(value)?.[0];
  const from = [...there.values()];
  return to.flatMap((fact) => {
    const before = there.get(fact.key);
    if (before === undefined) return [];
    if (fact.key.startsWith("enum "))
      return tablesRetypedByEnum(placeOf(fact), before.value, fact.value, from);
    const isRetyped = fact.key.startsWith("column ") && typeOf(before) !== typeOf(fact);
    return isRetyped && fact.within !== undefined ? [fact.within] : [];
  });
}

/** True for a view that names such a table, and for what belongs to the view; only if it is still wanted. */
function standsOn(
  fact: BuildableFact,
  tables: readonly string[],
  wanted: ReadonlyMap<string, BuildableFact>,
): boolean {
  if (tables.length === 0) return false;
  const view =
    ["view", "materialized view"].flatMap((kind) => wanted.get(`${kind} ${fact.within}`) ?? fact)[0] ?? fact;
  if (!VIEW.test(view.key)) return false;
  return tables.some((table) =>
    view.value.includes(table.slice(table.indexOf('"."') + 3, -1).replaceAll('""', '"')),
  );
}

const VIEW = /^(view|materialized view) /;

/** Constraints and indexes that differ in nothing but the name: the statement that renames each, by both keys. */
function findRenamed(gone: readonly BuildableFact[], made: readonly BuildableFact[]): Map<string, string> {
  const renamed = new Map<string, string>();
  for (const old of gone) {
    if (!old.key.startsWith("constraint ") || old.make.length === 0) continue;
    const same = made.find(
      ({ key, value, within }) =>
        key.startsWith("constraint ") && value === old.value && within === old.within && !renamed.has(key),
    );
    if (same === undefined) continue;
    const name = ({ key, within = "" }: BuildableFact) =>
      key.slice("constraint ".length, -` on ${within}`.length);
    const statement = `alter table ${old.within} rename constraint ${name(old)} to ${name(same)}`;
    renamed.set(old.key, statement).set(same.key, statement);
  }
  return renamed;
}

type Step = { readonly rank: number; readonly statements: readonly string[] };

function byRank(steps: readonly Step[]): Step[] {
  return [...steps].sort((one, other) => one.rank - other.rank);
}

type Change = {
  readonly key: string;
  readonly rank: number;
  readonly drop: readonly string[];
  readonly make: readonly string[];
};

function changeFact(before: BuildableFact, after: BuildableFact, facts: readonly BuildableFact[]): Change {
  const { key, rank, within } = after;
  const only = (make: readonly string[]): Change => ({ key, rank, drop: [], make });
  if (key.startsWith("column ") && within !== undefined)
    return only(
      changeColumn(within, key.slice("column ".length + within.length + 1), before.value, after.value),
    );
  if (key.startsWith("enum ")) return only(changeEnum(placeOf(after), before.value, after.value, facts));
  if (key.startsWith("row security of ")) return only(after.make);
  if (key.startsWith("function ") || key.startsWith("comment on ") || key.startsWith("identity of "))
    return only(after.make);
  if (key.startsWith("sequence "))
    return only(after.make.map((statement) => statement.replace(/^create /, "alter ")));
  // A table is not made anew for an option, nor for its name alone.
  if (isRelation(after) && rank !== RANK.view) return only(changeOptions(before, after));
  return { key, rank, drop: before.drop, make: after.make };
}

function changeOptions(before: BuildableFact, after: BuildableFact): string[] {
  const read = ({ value }: BuildableFact): string[] => {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) && Array.isArray(parsed[0]) ? parsed[0].map(String) : [];
  };
  const gone = read(before).map((option) => option.split("=")[0]);
  const set = read(after);
  return [
    ...(gone.length === 0 ? [] : [`alter table ${placeOf(after)} reset (${gone.join(", ")})`]),
    ...(set.length === 0 ? [] : [`alter table ${placeOf(after)} set (${set.join(", ")})`]),
  ];
}

/** CREATE TABLE writes the columns, and row security is off to begin with; a view's columns are its query's. */
function comesWith({ key, within, value }: BuildableFact, comes: ReadonlySet<string>): boolean {
  if (within === undefined || !comes.has(within)) return false;
  return (
    key.startsWith("column ") || (key.startsWith("row security of ") && value === "disabled, not forced")
  );
}

/** Two tables that refer to each other cannot be dropped before one of the references is, nor one before what inherits from it. */
function hangsOnAnother({ key, value, within }: BuildableFact, goes: ReadonlySet<string>): boolean {
  if (key.startsWith("inheritance from ")) return goes.has(value);
  if (!key.startsWith("constraint ") || !value.startsWith("FOREIGN KEY ")) return false;
  return goes.size > 1 && !value.includes(` REFERENCES ${within}(`);
}

/** Partitions that go with their parent, each with that. */
function partitionsOf(
  gone: readonly BuildableFact[],
  goes: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const parents = [...goes];
  return new Map(
    gone.flatMap(({ key, value, within }): [string, string][] => {
      const parent = parents.find((place) => value.startsWith(`${place} `));
      if (!key.startsWith("partition of ") || within === undefined || parent === undefined) return [];
      return [[within, parent]];
    }),
  );
}

/** Such a partition; and the copies of its parent's foreign keys on it, and of those to its parent: they have no DROP. */
function goesWithParent(
  fact: BuildableFact,
  partitions: ReadonlyMap<string, string>,
  gone: readonly BuildableFact[],
): boolean {
  if (isRelation(fact)) return partitions.has(placeOf(fact));
  const { key, value, within = "" } = fact;
  if (!key.startsWith("constraint ") || !value.startsWith("FOREIGN KEY ")) return false;
  const hasKey = (place: string, isSame: (value: string) => boolean) =>
    gone.some(
      (other) => other.within === place && other.key.startsWith("constraint ") && isSame(other.value),
    );
  const own = partitions.get(within);
  if (own !== undefined && hasKey(own, (other) => other === value)) return true;
  const to = [...partitions].find(([partition]) => refersTo(value, partition));
  return to !== undefined && hasKey(within, (other) => refersTo(other, to[1]));
}

/** PostgreSQL quotes where it must, and we always. */
function refersTo(foreignKey: string, place: string): boolean {
  return foreignKey.replaceAll('"', "").includes(` REFERENCES ${place.replaceAll('"', "")}(`);
}

/** What another fact's SQL brings along. */
function isImplied(key: string): boolean {
  return /^(column|column order of|row security of|partition key of|identity of|constraint) /.test(key);
}

const RELATION = /^(table|partitioned table|view|materialized view|foreign table|enum) /;

/** Also a domain: its parts go with it. */
function takesAlong(fact: BuildableFact): boolean {
  return isRelation(fact) || fact.key.startsWith("domain ");
}

function isRelation({ key }: BuildableFact): boolean {
  return RELATION.test(key) && !key.startsWith("enum ");
}

function placeOf({ key }: BuildableFact): string {
  return key.replace(RELATION, "").replace(/^domain /, "");
}
