import type { Environment } from "../../core/environment.js";
import type { TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import type { Judge } from "../../isolation/create-judge.js";
import type { ConnectOptions, Database } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import type { RunOrigin } from "./run-log.js";
import type { Timeouts } from "./timeouts.js";

/** What a run needs to know. */
export type MigrateOptions = {
  readonly url: URL;
  readonly folder: readonly Migration[];
  readonly ledger: LedgerPlace;
  /** The role whose policies let a migrator through that nothing else exempts from row security. */
  readonly adminRole: string;
  /** Seconds to wait for another migrator. Default 60. */
  readonly lockWaitSeconds?: number;
  /** Seconds in which a server that does not answer yet may begin to. Default 0: one try. */
  readonly connectWaitSeconds?: number;
  readonly connect?: ConnectOptions;
  readonly logger?: Logger;
  /** Cancels the statement under way and rolls back. */
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds; what is left out is as `DEFAULT_TIMEOUTS` has it. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** The name of the last migration to apply. */
  readonly to?: string | undefined;
  /** Applied migrations whose edited files are to be taken for what was applied, and why. */
  readonly acceptEdited?: { readonly names: readonly string[]; readonly reason: string } | undefined;
  /** What the run log is to say. */
  readonly origin?: Partial<RunOrigin> | undefined;
  /** Must be the one that the database is marked with. */
  readonly environment?: Environment | undefined;
  /**
   * Judges the database before the run, and again inside each migration's transaction before COMMIT: a migration that
   * would leave something unprotected is rolled back. Without it nothing is judged.
   */
  readonly judge?: Judge | undefined;
  /** Computes what is kept with the run, behind its last migration. */
  readonly fingerprint?: ((database: Database) => Promise<string>) | undefined;
  /** Of the manifest that belongs to the folder's last migration: recorded once that is applied, for services to compare. */
  readonly manifestDigest?: string | undefined;
};

/** A migration that a run has applied. */
export type AppliedMigration = { readonly name: string; readonly milliseconds: number };

/** What a run did. */
export type MigrateResult = {
  readonly applied: readonly AppliedMigration[];
  /** What an operator should look at. */
  readonly warnings: readonly string[];
};

/**
 * How a run ended. `refused`: before it began, and nothing was changed. `failed`: in one of its migrations; those before it
 * stay applied.
 */
export type ApplyResult =
  | ({ readonly outcome: "applied" | "nothing" } & MigrateResult)
  | ({
      readonly outcome: "refused" | "failed" | "interrupted";
      readonly error: TenantryError;
    } & MigrateResult);
