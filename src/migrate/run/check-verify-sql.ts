import { TenantryError } from "../../core/errors.js";
import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import { PieceFailure, sendPieces, splitPieces } from "./send-pieces.js";
import { statementError } from "./statement-error.js";

/** Rows of a violation that are shown. */
const MOST_SHOWN = 5;

/** The queries of a `verify.sql` that returned rows. */
export type Violation = { readonly line: number; readonly rows: readonly Record<string, unknown>[] };

/**
 * Runs a migration's `verify.sql`: every row that one of its queries returns is a violation.
 *
 * @throws TenantryError `migration-failed` if one of them fails.
 */
export async function findViolations(session: Session, migration: Migration): Promise<Violation[]> {
  const { verifySql } = migration;
  if (verifySql === undefined) return [];
  try {
    const sent = await sendPieces(session, splitPieces(verifySql.sql));
    return sent.flatMap(({ piece: { line = 1 }, rows }) =>
      rows.length === 0 ? [] : [{ line, rows: [...rows] }],
    );
  } catch (thrown) {
    if (!(thrown instanceof PieceFailure)) throw thrown;
    throw statementError({ name: migration.name, file: verifySql.file }, thrown.piece, thrown.thrown);
  }
}

/**
 * Refuses a migration whose `verify.sql` finds something, in its own transaction.
 *
 * @throws TenantryError `migration-failed` with the first rows.
 */
export async function requireNoViolations(session: Session, migration: Migration): Promise<void> {
  const violations = await findViolations(session, migration);
  if (violations.length === 0) return;
  const count = violations.reduce((sum, { rows }) => sum + rows.length, 0);
  throw new TenantryError({
    code: "migration-failed",
    message: `Migration ${migration.name} was rolled back: its verify.sql finds ${count === 1 ? "a violation" : `${count} violations`}.`,
    details: violations.flatMap(({ line, rows }) => [
      `${migration.verifySql?.file}:${line}:`,
      ...rows.slice(0, MOST_SHOWN).map((row) => `  ${describeRow(row)}`),
    ]),
    hint: `Nothing of it was applied. Correct ${migration.file}, or the rows, then run "tenantry migrate" again.`,
  });
}

/** A row as JSON, on one line. */
export function describeRow(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(row, replaceBigint);
}

function replaceBigint(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
