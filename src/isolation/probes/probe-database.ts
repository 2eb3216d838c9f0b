import { loadModule } from "libpg-query";
import type { Database } from "../../postgres/connect.js";
import type { ProbeReport } from "./probe-report.js";
import type { RunOptions } from "./run-probes.js";
import { runProbes } from "./run-probes.js";

/** What to attack, and how. */
export type ProbeOptions = RunOptions & {
  /** A superuser, or a member of both the service's and the admin role. One connection of it is used. */
  readonly database: Database;
  /** What each statement may take, in milliseconds. Default 5000. */
  readonly statementTimeoutMs?: number;
};

/** So that nobody waits behind a probe. */
const LOCK_TIMEOUT_MS = 250;

/**
 * Attacks every declared table, every view and every SECURITY DEFINER function as the service role, with rows of made-up
 * tenants. All of it in one transaction that is always rolled back; only sequences keep what was drawn from them, and the
 * connection's session-level advisory locks are given back.
 *
 * @throws TenantryError `role-insufficient` if the login can make no rows, or cannot act as the service role.
 * @example
 * const report = await probeDatabase({ database, expected, catalog, throwAway: true });
 * if (!report.clean) console.log(report.findings.map(formatFinding).join("\n"));
 */
export async function probeDatabase(options: ProbeOptions): Promise<ProbeReport> {
  await loadModule();
  const connection = await options.database.reserve();
  try {
    await connection.unsafe(`begin; set local lock_timeout = ${LOCK_TIMEOUT_MS};
set local statement_timeout = ${options.statementTimeoutMs ?? 5000}; set local row_security = on`);
    try {
      return await runProbes(connection, options);
    } finally {
      await connection.unsafe("rollback");
      // A trigger may have taken locks that a rollback does not give back.
      await connection.unsafe("select pg_catalog.pg_advisory_unlock_all()");
    }
  } finally {
    connection.release();
  }
}
