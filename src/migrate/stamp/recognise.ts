import { selectFacts } from "../../catalog/select-facts.js";
import type { BuildableFact } from "../../catalog/way/fact-statements.js";
import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import type { Replay } from "./replay.js";
import { factsAfter } from "./replay.js";

/** Which facts count when a database is compared with the steps of a folder. */
export type StampScope = {
  readonly ledger: LedgerPlace;
  /** As `stamp.ignore` of `defineTenancy`; see `FactOptions`. */
  readonly ignore: readonly string[];
};

/** What a database is, measured by a folder. */
export type Recognition = {
  /**
   * Numbers of steps that are exactly what the database is, in order: 3 is the state after the third migration, 0 the
   * empty database. More than one where migrations change nothing that is in a catalog.
   */
  readonly equal: readonly number[];
  /** The step with the fewest differences; of several, the last. */
  readonly nearest: number;
  /** How many differences that is. */
  readonly distance: number;
  /** What belongs to the database and to no schema, and that no migration knows: not compared. */
  readonly leftOut: readonly string[];
};

/** Finds the steps of a replay that a database is equal to, or the one that it is nearest to. */
export function recognise(replay: Replay, target: readonly BuildableFact[], scope: StampScope): Recognition {
  const known = knownKeys(replay);
  const leftOut = target.filter(({ wide, key }) => wide === true && !known.has(key)).map(({ key }) => key);
  const wanted = new Map(comparable(target, known, scope).map(({ key, value }) => [key, value]));
  const current = new Map<string, string>();
  let distance = wanted.size;
  const assign = (key: string, value: string | undefined) => {
    const goal = wanted.get(key);
    if (current.get(key) !== goal) distance--;
    if (value === undefined) current.delete(key);
    else current.set(key, value);
    if (current.get(key) !== goal) distance++;
  };
  for (const { key, value } of comparable(replay.start, known, scope)) assign(key, value);
  const distances = [distance];
  for (const { set, gone } of replay.steps) {
    for (const key of gone) assign(key, undefined);
    for (const { key, value } of comparable(set, known, scope)) assign(key, value);
    distances.push(distance);
  }
  const least = Math.min(...distances);
  return {
    equal: distances.flatMap((one, step) => (one === 0 ? [step] : [])),
    nearest: distances.lastIndexOf(least),
    distance: least,
    leftOut,
  };
}

/** Both sides of a comparison: the target, and the folder after a step, each with the facts that count. */
export function sidesAt(
  replay: Replay,
  step: number,
  target: readonly BuildableFact[],
  scope: StampScope,
): { readonly target: readonly BuildableFact[]; readonly folder: readonly BuildableFact[] } {
  const known = knownKeys(replay);
  return {
    target: comparable(target, known, scope),
    folder: comparable([...factsAfter(replay, step).values()], known, scope),
  };
}

/** The schemas in which the folder makes something at any step. */
export function replayedSchemas(replay: Replay): string[] {
  return [...new Set(replay.steps.flatMap(({ set }) => set.flatMap((fact) => schemaOf(fact) ?? [])))];
}

/** True if the target has nothing that any migration makes, whatever else it has. */
export function isForeign(replay: Replay, target: readonly BuildableFact[]): boolean {
  const found = new Set(replay.start.map(({ key }) => key));
  const made = new Set(
    replay.steps.flatMap(({ set }) => set.map(({ key }) => key)).filter((key) => !found.has(key)),
  );
  return !target.some(({ key }) => THING.test(key) && made.has(key));
}

/** What has a name of its own, which a migration that makes it would find taken. */
const THING =
  /^(table|partitioned table|view|materialized view|foreign table|enum|domain|type|sequence|function) /;

function schemaOf({ key }: BuildableFact): string | undefined {
  const quoted = /"((?:[^"]|"")*)"\."/.exec(key)?.[1] ?? /^schema "((?:[^"]|"")*)"$/.exec(key)?.[1];
  return quoted?.replaceAll('""', '"');
}

function knownKeys(replay: Replay): ReadonlySet<string> {
  return new Set([...replay.start, ...replay.steps.flatMap(({ set }) => set)].map(({ key }) => key));
}

function comparable(
  facts: readonly BuildableFact[],
  known: ReadonlySet<string>,
  { ledger, ignore }: StampScope,
): BuildableFact[] {
  const own = `"${ledger.schema.replaceAll('"', '""')}"."${ledger.table.replaceAll('"', '""')}`;
  return (
    selectFacts(facts, { ignore })
      .filter(({ wide, key }) => wide !== true || known.has(key))
      // Extensions that come with a server are not the folder's business either, in whatever version.
      .filter(({ key }) => !key.startsWith("extension "))
      .filter((fact) => !isOurs(fact) && !fact.key.includes(own))
  );
}

/** The run log and its like: the functions of the schema are the migrations' own, its tables are the engine's. */
function isOurs({ key, within, subject }: BuildableFact): boolean {
  if (key === `schema "${ENGINE_SCHEMA}"`) return true;
  const isThere =
    within?.startsWith(`"${ENGINE_SCHEMA}".`) === true || subject.startsWith(`${ENGINE_SCHEMA}.`);
  return isThere && !/^(function|trigger|grant on function) /.test(key);
}
