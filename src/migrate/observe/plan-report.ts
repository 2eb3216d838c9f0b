import type { Finding } from "../../core/finding.js";
import type { Blocked } from "./lock-mode.js";
import type { Effects } from "./observation.js";
import type { TableSize } from "./read-target-tables.js";

/** How much work the target has with a statement: by what is read, written or changed there. No time follows from it. */
export type Weight = "none" | "small" | "medium" | "large" | "unknown";

/** What a statement will mean for those who use the target. */
export type Verdict = {
  readonly class: "instant" | "reads" | "builds" | "rewrites" | "changes-rows" | "removes" | "unknown";
  /** Who waits for it, until COMMIT. */
  readonly blocks: Blocked;
  readonly weight: Weight;
  /** The same for people. */
  readonly text: string;
};

/** One pending statement. */
export type StatementReport = {
  /** Its place in the migration, from 1. */
  readonly number: number;
  readonly line: number;
  readonly sql: string;
  /** In PostgreSQL's words. */
  readonly what: string;
  /** False if PostgreSQL refuses to run it inside a transaction. */
  readonly inTransaction: boolean;
  /** `observed` on the shadow; `locks-documented`: ran there, its locks are what the manual says; `documented`: all of it is. */
  readonly known: "observed" | "locks-documented" | "documented";
  readonly effects: Effects;
  /** The tables of the target that it locks, reads or writes. */
  readonly tables: readonly TableSize[];
  /** Of a data statement; null if the planner could not tell. */
  readonly estimatedRows?: number | null;
  readonly verdict: Verdict;
  /** What to know before it runs: for people. */
  readonly notes: readonly string[];
  /** What squawk says of it. */
  readonly advice: readonly Finding[];
};

/** One pending migration. */
export type MigrationReport = {
  readonly name: string;
  readonly file: string;
  /** `late`: older than one that was applied already. */
  readonly state: string;
  /** False if it runs step by step. */
  readonly oneTransaction: boolean;
  readonly statements: readonly StatementReport[];
  /** How many of them an earlier run has applied; they are not run again. */
  readonly done: number;
  /** Tables that stay locked while later statements work, for people. */
  readonly holds: readonly string[];
};

/** What `tenantry plan` says. */
export type PlanReport = {
  readonly migrations: readonly MigrationReport[];
  /** The shadow's PostgreSQL, or null where nothing could be observed. */
  readonly observedOn: string | null;
  readonly warnings: readonly string[];
};
