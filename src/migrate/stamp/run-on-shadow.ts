import type { Database } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import { runSql } from "../run/replay-migration.js";
import { groupSteps } from "../statements/group-steps.js";
import { needsSteps } from "../statements/needs-steps.js";

/**
 * Runs a migration on a throw-away database: in one transaction, or step by step where it cannot be in one.
 *
 * @throws TenantryError `migration-failed`, `sql-invalid`, `interrupted`.
 */
export async function runOnShadow(
  database: Database,
  migration: Migration,
  signal: AbortSignal | undefined,
): Promise<void> {
  // As before each migration of a run: what an earlier one has set for the session is not for this one.
  await database.unsafe("reset session authorization; reset role; reset all").simple();
  const statements = await needsSteps(migration);
  if (statements === undefined) {
    await database.begin((session) => runSql(session, migration, signal));
    return;
  }
  for (const { kind, statements: group } of groupSteps(statements)) {
    if (kind === "alone") for (const { text } of group) await database.unsafe(text).simple();
    else
      await database.begin(async (session) => {
        for (const { text } of group) await runSql(session, { ...migration, sql: text }, signal);
      });
  }
}
