import type { LockMode } from "./lock-mode.js";

/** A lock that a statement takes on a table, view or sequence that was there before the plan began. */
export type StatementLock = {
  /** As findings name tables: without `public`. By the name that it has on the target. */
  readonly table: string;
  readonly mode: LockMode;
  /** Of a partition: its topmost parent. */
  readonly partitionOf?: string;
};

/** What a statement does to what was there before, by the names that it has on the target. */
export type Effects = {
  /** The strongest mode of each table. */
  readonly locks: readonly StatementLock[];
  /** Tables whose files are written anew. */
  readonly rewrites: readonly string[];
  /** Tables that are read from end to end. */
  readonly scans: readonly string[];
  /** Tables of which indexes are built. */
  readonly indexed: readonly string[];
  /** Tables whose rows are thrown away as a whole, by DROP or TRUNCATE. */
  readonly removes: readonly string[];
  /** What the kind alone does not tell, if it was not observed. */
  readonly unsure?: string;
};

/** A statement of which nothing is known to be touched. */
export const NO_EFFECTS: Effects = { locks: [], rewrites: [], scans: [], indexed: [], removes: [] };
