import type { Database, Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import { groupSteps } from "../statements/group-steps.js";
import { listStatements } from "../statements/list-statements.js";
import type { MigrationStatement } from "../statements/migration-statement.js";
import { needsSteps } from "../statements/needs-steps.js";
import { throwIfStopped } from "./interrupted.js";
import { NOT_INSIDE } from "./run-steps.js";
import { PieceFailure, sendPieces, splitPieces, stateOf } from "./send-pieces.js";
import { statementError } from "./statement-error.js";

/** What a migration is told apart by in an error. */
export type NamedSql = Pick<Migration, "name" | "file" | "sql">;

/** Runs SQL on an open transaction. */
export async function runSql(session: Session, sql: NamedSql, signal?: AbortSignal): Promise<void> {
  for (const piece of splitPieces(sql.sql)) {
    throwIfStopped(signal);
    const query = session.unsafe(piece.text).simple();
    const cancel = () => query.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      await query;
    } catch (thrown) {
      throwIfStopped(signal);
      throw statementError(sql, piece, thrown);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }
}

/**
 * Applies a migration to a throw-away database, without ledger and checkpoints: in one transaction, or step by step where
 * that cannot hold it. What reaches beyond the database (databases, tablespaces, subscriptions, the server's settings) is
 * left out, and so is VACUUM.
 *
 * @param database one connection.
 * @throws TenantryError `migration-failed` naming migration and statement, `interrupted`.
 */
export async function replayMigration(
  database: Database,
  migration: NamedSql & Partial<Pick<Migration, "directives">>,
  signal?: AbortSignal,
): Promise<void> {
  const directives = migration.directives ?? { noTransaction: false, keepsRows: [] };
  await database.unsafe("reset session authorization; reset role; reset all");
  let statements = await needsSteps({ ...migration, directives });
  if (statements === undefined) {
    try {
      await database.begin((session) => runSql(session, migration, signal));
      return;
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown.cause : undefined;
      if (!NOT_INSIDE.has(stateOf(cause) ?? "")) throw thrown;
      statements = await listStatements(migration);
    }
  }
  await replaySteps(database, migration, statements, directives.noTransaction, signal);
}

async function replaySteps(
  database: Database,
  migration: NamedSql,
  statements: readonly MigrationStatement[],
  each: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const alone = new Set<number>();
  let next = 1;
  for (;;) {
    const [step] = groupSteps(statements, { from: next, each, alone });
    if (step === undefined) return;
    throwIfStopped(signal);
    const pieces = step.statements.map(({ text, line }) => ({ text, line }));
    try {
      if (step.kind === "group") await database.begin((session) => sendPieces(session, pieces));
      else if (!step.statements.some(reachesBeyond)) await sendPieces(database, pieces);
      next = step.number + step.statements.length;
    } catch (thrown) {
      if (!(thrown instanceof PieceFailure)) throw thrown;
      const refused = step.number + thrown.index;
      if (step.kind === "alone" || !NOT_INSIDE.has(stateOf(thrown) ?? "") || alone.has(refused))
        throw statementError(migration, thrown.piece, thrown.thrown);
      alone.add(refused);
    }
  }
}

function reachesBeyond({ outside }: MigrationStatement): boolean {
  return ["create-object", "drop-object", "repeatable"].includes(outside?.type ?? "");
}
