import { groupBy } from "../../core/group-by.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerEntry } from "../ledger/ledger.js";
import { describeEntry, matchLedger } from "../ledger/match-ledger.js";
import type { Edit } from "./describe-edit.js";
import { describeEdit } from "./describe-edit.js";
import { readGraph } from "./migration-graph.js";
import { orderMigrations } from "./order-migrations.js";

/** A migration of the folder, compared with the ledger. */
export type PlannedMigration = Migration & {
  /**
   * `late`: pending, and older than one that was applied, as after a merge. `edited`: applied, but the file is not what
   * was applied.
   */
  readonly state: "applied" | "pending" | "late" | "edited";
  /** Of an edited one: how far the file is from what was applied. */
  readonly edit?: Edit;
};

/** Folder and ledger side by side. */
export type Plan = {
  /** In the order in which they are applied. */
  readonly migrations: readonly PlannedMigration[];
  /** In the ledger and not in the folder: names, or, of rows without one, what is known of them. */
  readonly missing: readonly string[];
  /** Names that the ledger has more than once. */
  readonly duplicates: readonly string[];
  /** Rows of the ledger that could be any of several migrations. */
  readonly ambiguous: readonly { readonly row: string; readonly candidates: readonly string[] }[];
  /** The migrations that nothing follows: more than one are branches that were not joined. */
  readonly heads: readonly string[];
};

/**
 * Compares the folder with the ledger (pure): a set difference, so that a merged, older migration is never skipped. The
 * same for any order of the folder.
 *
 * @example pendingMigrations(planMigrations(await readFolder("drizzle"), await readLedger(database, DEFAULT_LEDGER)))
 */
export function planMigrations(folder: readonly Migration[], ledger: readonly LedgerEntry[]): Plan {
  const ordered = orderMigrations(folder);
  const { matched, unmatched, ambiguous } = matchLedger(ordered, ledger);
  const entries = groupBy([...matched.keys()], (entry) => matched.get(entry));
  const lastApplied = ordered.findLastIndex((migration) => entries.has(migration));
  const newestApplied = ordered.reduce(
    (newest, migration) => (entries.has(migration) ? Math.max(newest, migration.createdAt) : newest),
    Number.NEGATIVE_INFINITY,
  );
  // What a row may stand for must not be applied a second time.
  const doubtful = new Set(ambiguous.flatMap(({ candidates }) => candidates));
  return {
    migrations: ordered.map((migration, index): PlannedMigration => {
      const found = entries.get(migration);
      if (found === undefined) {
        if (doubtful.has(migration)) return { ...migration, state: "applied" };
        const isLate = index < lastApplied || migration.createdAt < newestApplied;
        return { ...migration, state: isLate ? "late" : "pending" };
      }
      const other = found.find(({ hash }) => hash !== migration.hash);
      if (other === undefined) return { ...migration, state: "applied" };
      return { ...migration, state: "edited", edit: describeEdit(migration, other.hash) };
    }),
    missing: unmatched.map(describeEntry),
    duplicates: [...entries].flatMap(([migration, found]) =>
      migration !== undefined && found.length > 1 ? [migration.name] : [],
    ),
    ambiguous: ambiguous.map(({ entry, candidates }) => ({
      row: describeEntry(entry),
      candidates: candidates.map(({ name }) => name),
    })),
    heads: readGraph(ordered).heads,
  };
}

/** The migrations to apply, in order. */
export function pendingMigrations(plan: Plan): PlannedMigration[] {
  return plan.migrations.filter(({ state }) => state === "pending" || state === "late");
}
