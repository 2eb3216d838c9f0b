import type { Logger } from "../../core/logger.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import type { LedgerShape } from "../ledger/ledger-shape.js";
import type { Backend } from "./backend.js";
import type { LockWatch } from "./lock-watch.js";
import type { RunAudit } from "./run-audit.js";
import type { Timeouts } from "./timeouts.js";

/** What every migration of a run shares. */
export type RunContext = {
  /** Executes. */
  readonly worker: Backend;
  /** Holds the migration lock, and cancels what the worker executes. */
  readonly lock: Backend;
  readonly watch: LockWatch;
  readonly ledger: LedgerPlace;
  /** With names or without. */
  readonly shape: LedgerShape;
  readonly adminRole: string;
  /** What settles row security in a transaction. */
  readonly rowSecurity: string;
  readonly timeouts: Timeouts;
  readonly logger: Logger;
  /** Fires at Ctrl-C, at the deadline, and when the lock is lost; its reason is the error to end with. */
  readonly stop: AbortSignal;
  readonly runId: string;
  /** The query that counts what a transaction has written into the catalog. */
  readonly catalogWrites: string;
  /** Settings that outlive the migrations' own, as `set …` statements. */
  readonly sessionSettings: string;
  readonly audit: RunAudit | undefined;
  /** What is still to be written into the run log: with the next transaction, or at the end. */
  readonly unwritten: string[];
};
