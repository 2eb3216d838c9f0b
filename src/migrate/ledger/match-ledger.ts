import { groupBy } from "../../core/group-by.js";
import { convertedName } from "../folder/converted-name.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerEntry } from "./ledger.js";

/** Which row of a ledger is which migration. */
export type LedgerMatches = {
  readonly matched: ReadonlyMap<LedgerEntry, Migration>;
  /** Rows of which no migration of the folder is left. */
  readonly unmatched: readonly LedgerEntry[];
  /** Rows that could be any of several migrations. */
  readonly ambiguous: readonly { readonly entry: LedgerEntry; readonly candidates: readonly Migration[] }[];
};

/**
 * Finds the migration of each row (pure). A row with a name is that migration and no other. One without, from drizzle-orm
 * 0.x, is the migration of its hash; of several such, the one of its time; and without any, the one migration of its time
 * that no hash has found, since the file may have been edited. Times are compared by the second: drizzle-kit cuts them
 * when it converts a folder. What is left open is reported, and never guessed.
 */
export function matchLedger(folder: readonly Migration[], ledger: readonly LedgerEntry[]): LedgerMatches {
  const byName = new Map([
    ...folder.map((migration) => [convertedName(migration), migration] as const),
    ...folder.map((migration) => [migration.name, migration] as const),
  ]);
  const byHash = groupBy(folder, ({ hash }) => hash);
  const matched = new Map<LedgerEntry, Migration>();
  const unmatched: LedgerEntry[] = [];
  const ambiguous: { entry: LedgerEntry; candidates: readonly Migration[] }[] = [];
  const byTimeOnly: LedgerEntry[] = [];
  const settle = (entry: LedgerEntry, candidates: readonly Migration[]) => {
    const [first] = candidates;
    if (first === undefined) unmatched.push(entry);
    else if (candidates.length === 1) matched.set(entry, first);
    else ambiguous.push({ entry, candidates });
  };
  for (const entry of ledger) {
    if (entry.name !== "") {
      const migration = byName.get(entry.name);
      settle(entry, migration === undefined ? [] : [migration]);
      continue;
    }
    const sameHash = byHash.get(entry.hash) ?? [];
    if (sameHash.length === 0) byTimeOnly.push(entry);
    else settle(entry, sameHash.length === 1 ? sameHash : narrow(sameHash, entry));
  }
  const found = new Set(matched.values());
  const bySecond = groupBy(
    folder.filter((migration) => !found.has(migration)),
    ({ createdAt }) => secondOf(createdAt),
  );
  for (const entry of byTimeOnly) {
    settle(entry, (entry.createdAt === null ? undefined : bySecond.get(secondOf(entry.createdAt))) ?? []);
  }
  return { matched, unmatched, ambiguous };
}

/** Of several migrations with the same text, the one with the row's time; all of them if that does not tell. */
function narrow(candidates: readonly Migration[], { createdAt }: LedgerEntry): readonly Migration[] {
  if (createdAt === null) return candidates;
  const exact = candidates.filter((migration) => migration.createdAt === createdAt);
  if (exact.length === 1) return exact;
  const sameSecond = candidates.filter((migration) => secondOf(migration.createdAt) === secondOf(createdAt));
  return sameSecond.length === 1 ? sameSecond : candidates;
}

function secondOf(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** What to call a row of the ledger in a message. */
export function describeEntry({ id, name, hash, createdAt }: LedgerEntry): string {
  if (name !== "") return name;
  const time = createdAt === null ? "no time" : formatTime(createdAt);
  return `row ${id} of the ledger (hash ${hash === "" ? "empty" : hash.slice(0, 12)}, ${time})`;
}

function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString();
}
