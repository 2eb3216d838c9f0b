import { messageOf, TenantryError } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import { describeRow, findViolations } from "../run/check-verify-sql.js";

/** The id of what a `verify.sql` finds. */
export const VERIFY_SQL_RULE = "verify-sql";

/** Rows that a finding shows. */
const MOST_SHOWN = 3;

/**
 * Runs the `verify.sql` of each migration again, on a live database. One that no longer runs, since a later migration has
 * taken away what it asks for, is a warning.
 *
 * @param session one connection, outside of a transaction: each file gets its own, whatever another one did to it.
 * @param begin what opens it.
 * @param applied the migrations that the database has.
 */
export async function judgeVerifySql(
  session: Session,
  begin: string,
  applied: readonly Migration[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const migration of applied) {
    const { name, verifySql } = migration;
    if (verifySql === undefined) continue;
    const common = { rule: VERIFY_SQL_RULE, subject: name, file: verifySql.file } as const;
    await session.unsafe(begin);
    try {
      for (const { line, rows } of await findViolations(session, migration)) {
        const shown = rows.slice(0, MOST_SHOWN).map(describeRow).join(", ");
        const more = rows.length > MOST_SHOWN ? ` and ${rows.length - MOST_SHOWN} more` : "";
        const count = rows.length === 1 ? "a violation" : `${rows.length} violations`;
        findings.push({
          ...common,
          level: "error",
          line,
          detail: `${count}: ${shown}${more}`,
          fix: "Correct the rows, by a new migration: tenantry create NAME.",
        });
      }
    } catch (thrown) {
      const [first] = thrown instanceof TenantryError ? thrown.details : [];
      findings.push({
        ...common,
        level: "warning",
        detail: `it no longer runs: ${messageOf(thrown)}${first === undefined ? "" : ` (${first.trim()})`}`,
        fix: "Write it for what the tables are now, or delete the file if it has had its day.",
      });
    } finally {
      await session.unsafe("rollback");
    }
  }
  return findings;
}
