import { readWholeStructure } from "../../catalog/read-whole-structure.js";
import type { BuildableFact } from "../../catalog/way/fact-statements.js";
import { readBuildableFacts } from "../../catalog/way/fact-statements.js";
import type { Way } from "../../catalog/way/plan-way.js";
import { planWay } from "../../catalog/way/plan-way.js";
import type { Database } from "../../postgres/connect.js";
import { splitBreakpoints } from "../folder/breakpoints.js";
import type { Migration } from "../folder/migration.js";
import type { StampScope } from "./recognise.js";
import { isForeign, recognise, replayedSchemas, sidesAt } from "./recognise.js";
import type { Replay } from "./replay.js";

/** What a database without a ledger turned out to be. */
export type Arrival =
  /** Nothing in it is of the folder's making. */
  | { readonly kind: "fresh" }
  /** Exactly what the folder makes, up to a migration. */
  | { readonly kind: "recognised"; readonly to: string; readonly leftOut: readonly string[] }
  /** Exactly what several migrations leave: those between them change nothing that is in a catalog. */
  | { readonly kind: "ambiguous"; readonly candidates: readonly string[] }
  | Unknown;

/** A database that is nothing that the folder makes. */
export type Unknown = {
  readonly kind: "unknown";
  /** The migration whose result is nearest; undefined for the empty database. */
  readonly nearest: string | undefined;
  /** The keys of the facts that differ. */
  readonly differences: readonly string[];
  /** The SQL that would make the database what the nearest migration leaves, and the other way round. */
  readonly toFolder: Way;
  readonly toDatabase: Way;
};

/** Reads what of a target can be compared with a folder. */
export async function readTargetFacts(
  database: Parameters<typeof readWholeStructure>[0],
  replay: Replay,
): Promise<BuildableFact[]> {
  return readBuildableFacts(await readWholeStructure(database, { schemas: replayedSchemas(replay) }));
}

/**
 * Says what a database is by the folder (pure).
 *
 * @param folder in the order of the replay.
 */
export function describeArrival(
  replay: Replay,
  folder: readonly Migration[],
  target: readonly BuildableFact[],
  scope: StampScope,
): Arrival {
  if (isForeign(replay, target)) return { kind: "fresh" };
  const { equal, nearest, leftOut } = recognise(replay, target, scope);
  const [first, ...more] = equal;
  const last = more.at(-1) ?? first;
  if (first === undefined || last === undefined) {
    const sides = sidesAt(replay, nearest, target, scope);
    return {
      kind: "unknown",
      nearest: folder[nearest - 1]?.name,
      differences: differingKeys(sides.folder, sides.target),
      toFolder: planWay(sides.target, sides.folder),
      toDatabase: planWay(sides.folder, sides.target),
    };
  }
  if (first === 0) return { kind: "fresh" };
  // Whether data migrations between two equal states have run, no catalog tells.
  if (folder.slice(first, last).some(({ sql }) => hasStatements(sql)))
    return { kind: "ambiguous", candidates: equal.flatMap((step) => folder[step - 1]?.name ?? []) };
  return { kind: "recognised", to: folder[last - 1]?.name ?? "", leftOut };
}

/** True if the target is exactly what the folder makes up to a migration. */
export function isProven(
  replay: Replay,
  step: number,
  target: readonly BuildableFact[],
  scope: StampScope,
): boolean {
  return recognise(replay, target, scope).equal.includes(step);
}

/** True if there is anything that nobody but a user, or a migration, can have put there. */
export async function isEmptyDatabase(
  database: Database,
  { ledger }: Pick<StampScope, "ledger">,
): Promise<boolean> {
  const rows = await database`
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenantry') and c.relkind not in ('i', 'I', 'S', 't')
      and not (n.nspname = ${ledger.schema} and c.relname = ${ledger.table})
      and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
    union all
    select from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenantry') and t.typtype in ('e', 'd', 'r')
      and not exists (select from pg_depend e where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype = 'e')
    union all
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
    limit 1`;
  return rows.length === 0;
}

function hasStatements(sql: string): boolean {
  return splitBreakpoints(sql).some((chunk) =>
    chunk
      .replaceAll(/\/\*[\s\S]*?\*\//g, "")
      .split("\n")
      .some((line) => !/^[\s;]*(--.*)?$/.test(line)),
  );
}

function differingKeys(one: readonly BuildableFact[], other: readonly BuildableFact[]): string[] {
  const here = new Map(one.map(({ key, value }) => [key, value]));
  const there = new Map(other.map(({ key, value }) => [key, value]));
  return [...new Set([...here.keys(), ...there.keys()])].filter((key) => here.get(key) !== there.get(key));
}
