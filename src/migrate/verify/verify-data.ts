import type { Finding } from "../../core/finding.js";
import type { Database } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import { readLedger } from "../ledger/ledger.js";
import { planMigrations } from "../plan/plan-migrations.js";
import { throwIfStopped } from "../run/interrupted.js";
import { DEFAULT_TIMEOUTS } from "../run/timeouts.js";
import { beginSql } from "../run/transaction-sql.js";
import { findIntegrityProblems } from "./find-integrity-problems.js";
import { judgeVerifySql } from "./judge-verify-sql.js";

const MODES = "isolation level repeatable read, read only";

/** What is looked at. */
export type VerifyDataOptions = {
  readonly folder: readonly Migration[];
  readonly ledger: LedgerPlace;
  /** As `MigrateOptions.adminRole`: row security is set as for a migration. */
  readonly adminRole: string;
  /** Undefined for all schemas. */
  readonly schemas?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Judges the rows of a live database: what its own constraints forbid and do not prevent, and what the `verify.sql` of each
 * migration that it has applied returns. In a transaction that can write nothing.
 *
 * @param database one connection (`max: 1`), outside of a transaction.
 * @throws TenantryError `interrupted`, and as `readLedger`.
 */
export async function verifyData(database: Database, options: VerifyDataOptions): Promise<Finding[]> {
  const { folder, ledger, adminRole, schemas, signal } = options;
  const { migrations } = planMigrations(folder, await readLedger(database, ledger));
  const applied = migrations.filter(({ state }) => state === "applied" || state === "edited");
  throwIfStopped(signal);
  const begin = [
    "reset session authorization; reset role; reset all",
    // Also behind a COMMIT that a verify.sql brings along.
    "set default_transaction_read_only = on",
    beginSql({ adminRole, timeouts: DEFAULT_TIMEOUTS, modes: MODES, isDurable: true }),
  ].join("; ");
  try {
    await database.unsafe(begin);
    const problems = await findIntegrityProblems(database, schemas);
    await database.unsafe("rollback");
    return [...problems, ...(await judgeVerifySql(database, begin, applied))];
  } finally {
    await database.unsafe("rollback; reset all");
  }
}
