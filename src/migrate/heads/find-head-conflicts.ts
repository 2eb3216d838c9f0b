import type { Migration } from "../folder/migration.js";
import { ancestorsOf, readGraph } from "../plan/migration-graph.js";
import { orderMigrations } from "../plan/order-migrations.js";
import { findClashes, readFootprints } from "./footprint.js";

/** Two migrations of two branches that do not go together. */
export type HeadConflict = {
  readonly migrations: readonly [string, string];
  /** What both touch. */
  readonly objects: readonly string[];
};

/** What is known of branches that were not joined. */
export type HeadsJudgement = {
  readonly heads: readonly string[];
  readonly conflicts: readonly HeadConflict[];
  /** Pairs of heads of which nobody could tell, since SQL on them was written by hand and there was no shadow. */
  readonly unjudged: readonly (readonly [string, string])[];
};

/** What two branches add to what they have in common, each in the order in which it is applied. */
export type Fork = {
  readonly base: readonly Migration[];
  readonly branches: readonly [readonly Migration[], readonly Migration[]];
};

/** Applies a fork in both orders and compares; undefined if both lead to the same. */
export type CompareOrders = (fork: Fork) => Promise<HeadConflict | undefined>;

/**
 * Judges branches that were not joined, pair by pair: by the footprints that drizzle-kit has left in the snapshots, and
 * where it has left none, by `compareOrders`.
 *
 * @param folder with parents, as `readParents` gives them.
 * @param options.concerns names of migrations: pairs of branches with none of them are left out. Default all.
 */
export async function findHeadConflicts(
  folder: readonly Migration[],
  options: {
    readonly concerns?: ReadonlySet<string> | undefined;
    readonly compareOrders?: CompareOrders | undefined;
  } = {},
): Promise<HeadsJudgement> {
  const ordered = orderMigrations(folder);
  const graph = readGraph(ordered);
  const conflicts: HeadConflict[] = [];
  const unjudged: [string, string][] = [];
  for (const [index, one] of graph.heads.entries()) {
    for (const other of graph.heads.slice(index + 1)) {
      const [here, there] = [ancestorsOf(graph, one), ancestorsOf(graph, other)];
      const only = (names: ReadonlySet<string>, others: ReadonlySet<string>) =>
        ordered.filter(({ name }) => names.has(name) && !others.has(name));
      const fork: Fork = {
        base: ordered.filter(({ name }) => here.has(name) && there.has(name)),
        branches: [only(here, there), only(there, here)],
      };
      const isConcerned = fork.branches.flat().some(({ name }) => options.concerns?.has(name) ?? true);
      if (!isConcerned) continue;
      const found = await compareFootprints(fork);
      conflicts.push(...(found ?? []));
      if (found !== undefined) continue;
      if (options.compareOrders === undefined) {
        unjudged.push([one, other]);
        continue;
      }
      const conflict = await options.compareOrders(fork);
      if (conflict !== undefined) conflicts.push(conflict);
    }
  }
  return { heads: graph.heads, conflicts: unique(conflicts), unjudged };
}

/** Undefined if the footprints do not cover both branches, and those that there are do not clash. */
async function compareFootprints({ branches }: Fork): Promise<HeadConflict[] | undefined> {
  const read = await Promise.all(
    branches.map((branch) =>
      Promise.all(branch.map(async ({ name }, index) => [name, await readOne(branch, index)] as const)),
    ),
  );
  const [one = [], other = []] = read.map((branch) =>
    branch.flatMap(([name, footprints]) => (footprints ?? []).map((each) => [name, each] as const)),
  );
  const clashes = findClashes(one, other);
  if (clashes.length === 0 && read.flat().some(([, footprints]) => footprints === undefined)) {
    return undefined;
  }
  return clashes.map((clash) => ({ migrations: [clash.one, clash.other], objects: clash.objects }));
}

async function readOne(branch: readonly Migration[], index: number) {
  const migration = branch[index];
  return migration === undefined ? undefined : await readFootprints(migration);
}

/** Three heads of which two share the migration that the third clashes with. */
function unique(conflicts: readonly HeadConflict[]): HeadConflict[] {
  return [...new Map(conflicts.map((one) => [JSON.stringify(one.migrations), one])).values()];
}
