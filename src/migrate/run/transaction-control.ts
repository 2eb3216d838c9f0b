import { parse } from "libpg-query";
import { TenantryError } from "../../core/errors.js";
import type { Migration } from "../folder/read-folder.js";

/** What begins or ends a transaction; savepoints stay inside the one that is there. */
const KINDS: ReadonlySet<string> = new Set([
  "TRANS_STMT_BEGIN",
  "TRANS_STMT_START",
  "TRANS_STMT_COMMIT",
  "TRANS_STMT_ROLLBACK",
  "TRANS_STMT_PREPARE",
]);

/** Most migrations contain none of these words: the parser need not be loaded for them. */
const WORDS = /\b(begin|start|commit|end|rollback|abort|prepare)\b/i;

/**
 * Refuses SQL that ends the transaction in which it runs: what came before it would stay when the rest fails, and the
 * ledger would know nothing of it.
 *
 * @throws TenantryError `sql-invalid` naming the migration.
 */
export async function refuseTransactionControl(
  migration: Pick<Migration, "name" | "file">,
  sql: string,
): Promise<void> {
  if (!WORDS.test(sql)) return;
  // What does not parse, the server will say better.
  const { stmts = [] } = await parse(sql).catch(() => ({ stmts: [] }));
  const isOwn = stmts.some(
    ({ stmt }) =>
      stmt !== undefined && "TransactionStmt" in stmt && KINDS.has(stmt.TransactionStmt.kind ?? ""),
  );
  if (!isOwn) return;
  throw new TenantryError({
    code: "sql-invalid",
    message: `Migration ${migration.name} begins or ends a transaction of its own.`,
    details: [sql.trim().split("\n")[0] ?? ""],
    hint: `Remove BEGIN, COMMIT and ROLLBACK from ${migration.file}, or split it into two migrations: each is applied in one transaction.`,
  });
}
