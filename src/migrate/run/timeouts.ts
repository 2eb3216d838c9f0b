import { TenantryError } from "../../core/errors.js";
import type { Directives } from "../folder/directives.js";

/** How long a run may wait, in milliseconds; 0 means without limit. */
export type Timeouts = {
  /** For one lock. While a migration waits, everybody who wants the table queues up behind it. */
  readonly lock: number;
  /** For one statement. */
  readonly statement: number;
  /** For a transaction in which nothing happens: the run has hung, and its locks must not stay. */
  readonly idle: number;
  /** For all tries of one migration that did not get its locks, or was the victim of a deadlock. */
  readonly retryFor: number;
  /** For the run as a whole. */
  readonly deadline: number;
};

/**
 * Three seconds for a lock: longer than PostgreSQL takes to see a deadlock (1 s), shorter than the requests that queue up
 * behind it usually wait. No limit for a statement: a data migration may take hours and block nobody. A minute of
 * idleness: between two statements only the audit runs, which takes less than a second.
 */
export const DEFAULT_TIMEOUTS: Timeouts = {
  lock: 3000,
  statement: 0,
  idle: 60_000,
  retryFor: 60_000,
  deadline: 0,
};

/** The limits of one migration: its file has the last word. */
export function timeoutsOf(directives: Directives, timeouts: Timeouts): Timeouts {
  return {
    ...timeouts,
    lock: directives.lockTimeout ?? timeouts.lock,
    statement: directives.statementTimeout ?? timeouts.statement,
  };
}

/** `set` for a session, `set local` for a transaction. */
export function setTimeouts(
  verb: "set" | "set local",
  timeouts: Pick<Timeouts, "lock" | "statement" | "idle">,
): string {
  return [
    `${verb} lock_timeout = ${timeouts.lock}`,
    `${verb} statement_timeout = ${timeouts.statement}`,
    `${verb} idle_in_transaction_session_timeout = ${timeouts.idle}`,
  ].join("; ");
}

/** The error of a run that took longer than it was given. */
export function deadlineError(milliseconds: number): TenantryError {
  return new TenantryError({
    code: "interrupted",
    message: `The run took longer than its deadline of ${milliseconds / 1000} s; what was under way is rolled back.`,
    hint: 'Run "tenantry status" to see what was applied, then "tenantry migrate" again, with a longer --deadline.',
  });
}
