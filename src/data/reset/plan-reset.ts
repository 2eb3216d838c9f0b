import type { BuildableFact } from "../../catalog/way/fact-statements.js";
import { planWay } from "../../catalog/way/plan-way.js";
import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { LedgerPlace } from "../../migrate/ledger/ledger.js";
import type { Replay } from "../../migrate/stamp/replay.js";

/** What a reset drops. */
export type ResetPlan = {
  /** In an order in which nothing stands in the way of the next; without CASCADE, so that nothing else goes with them. */
  readonly statements: readonly string[];
  /** Schemas that the migrations make, to be dropped if nothing is left in them. */
  readonly schemas: readonly string[];
  /** What goes, in words: `table "public"."documents"`. */
  readonly dropped: readonly string[];
  /** What stands in the same schemas and is no migration's: it stays. */
  readonly left: readonly string[];
};

/** What has a name of its own and stands by itself. */
const THING =
  /^(table|partitioned table|view|materialized view|foreign table|enum|domain|type|sequence|function|publication|event trigger) /;

/** Belongs to the whole server or to somebody else, or is made anew whether it is there or not. */
const STAYS = /^(extension|role|grant|default privileges|comment on|schema) /;

/**
 * Plans to drop what the migrations make, at whichever of their steps, as far as the target has it (pure). Roles stay: other
 * databases use them. Extensions stay, and tenantry's own tables.
 *
 * @param target the facts of the schemas in which the migrations make something.
 */
export function planReset(replay: Replay, target: readonly BuildableFact[], ledger: LedgerPlace): ResetPlan {
  const start = new Set(replay.start.map(({ key }) => key));
  const made = new Set(
    replay.steps.flatMap(({ set }) => set.map(({ key }) => key)).filter((key) => !start.has(key)),
  );
  const own = `${quoteIdentifier(ledger.schema)}.${quoteIdentifier(ledger.table)}`;
  const isOurs = ({ key }: BuildableFact) =>
    key.includes(own) ||
    (key.startsWith("table ") && key.startsWith(`table ${quoteIdentifier(ENGINE_SCHEMA)}.`));
  const things = target.filter((fact) => THING.test(fact.key) && !isOurs(fact));
  const dropped = things.filter(({ key }) => made.has(key));
  const places = new Set(dropped.map(({ key }) => key.replace(THING, "")));
  const going = target.filter(
    (fact) =>
      !STAYS.test(fact.key) &&
      !isOurs(fact) &&
      (fact.within === undefined ? made.has(fact.key) : places.has(fact.within)),
  );
  return {
    statements: planWay(going, []).statements,
    schemas: target.flatMap(({ key }) => {
      const name = /^schema "((?:[^"]|"")*)"$/.exec(key)?.[1]?.replaceAll('""', '"');
      const stays = name === ENGINE_SCHEMA || name === ledger.schema;
      return name === undefined || stays || !made.has(key) ? [] : [name];
    }),
    dropped: dropped.map(({ key }) => key),
    left: things
      .filter(({ key, within }) => !made.has(key) && (within === undefined || !places.has(within)))
      .map(({ key }) => key),
  };
}
