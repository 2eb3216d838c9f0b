import type { Node } from "libpg-query";
import { TenantryError } from "../../core/errors.js";
import type { MigrationText, ParsedStatement } from "../../isolation/sql/parse-migration.js";
import { loadSqlParser, parseMigration } from "../../isolation/sql/parse-migration.js";
import type { MigrationStatement } from "./migration-statement.js";
import { readOutside } from "./outside-statement.js";

/**
 * The statements of a migration, each with what it asks of a transaction.
 *
 * @throws TenantryError `sql-invalid` for what PostgreSQL could not parse either, for ROLLBACK and two-phase commit, which
 * no checkpoint can follow, and for COPY FROM STDIN, which has no input here.
 * @example (await listStatements({ name, file, sql: "vacuum a" }))[0]?.role // "alone"
 */
export async function listStatements(migration: MigrationText): Promise<MigrationStatement[]> {
  await loadSqlParser();
  return parseMigration(migration).map((parsed) => describe(parsed));
}

function describe(parsed: ParsedStatement): MigrationStatement {
  const { node, text, line } = parsed;
  const plain = { text, line, role: "inside", setsSession: false, mayCommit: false } as const;
  if ("TransactionStmt" in node) return describeControl(parsed, node.TransactionStmt.kind ?? "");
  if ("CopyStmt" in node && node.CopyStmt.is_from === true && isFromStdin(node)) {
    throw refuse(parsed, "reads from stdin, and there is none", "Write the rows as INSERT.");
  }
  const outside = readOutside(node);
  if (outside !== undefined) return { ...plain, role: "alone", outside, setsSession: "DiscardStmt" in node };
  if ("VariableSetStmt" in node) {
    const { is_local, kind, name } = node.VariableSetStmt;
    if (is_local === true || name === "TRANSACTION") return plain;
    const setting = kind === "VAR_RESET_ALL" ? "all" : name?.toLowerCase();
    return { ...plain, setsSession: true, ...(setting === undefined ? {} : { setting }) };
  }
  if ("AlterEnumStmt" in node && node.AlterEnumStmt.oldVal === undefined)
    return { ...plain, addsValue: node.AlterEnumStmt.newVal ?? "" };
  return {
    ...plain,
    setsSession: "SelectStmt" in node && SETS_SESSION.test(text),
    mayCommit: "CallStmt" in node || "DoStmt" in node,
  };
}

/** As dumps do: `select pg_catalog.set_config('search_path', '', false)`. */
const SETS_SESSION = /\bset_config\s*\([\s\S]*,\s*false\s*\)/i;

function describeControl(parsed: ParsedStatement, kind: string): MigrationStatement {
  const { text, line } = parsed;
  const plain = { text, line, setsSession: false, mayCommit: false } as const;
  switch (kind) {
    case "TRANS_STMT_BEGIN":
    case "TRANS_STMT_START": {
      const modes = text
        .replace(/^\s*(?:begin|start)(?:\s+(?:transaction|work))?/i, "")
        .replace(/;\s*$/, "")
        .trim();
      return { ...plain, role: "begin", ...(modes === "" ? {} : { modes }) };
    }
    case "TRANS_STMT_COMMIT":
      if (/\band\s+chain\b/i.test(text)) break;
      return { ...plain, role: "commit" };
    case "TRANS_STMT_SAVEPOINT":
    case "TRANS_STMT_RELEASE":
    case "TRANS_STMT_ROLLBACK_TO":
      return { ...plain, role: "inside" };
    default:
  }
  throw refuse(
    parsed,
    "ends its transaction in a way that no checkpoint can follow",
    "Leave out ROLLBACK, COMMIT AND CHAIN and PREPARE TRANSACTION.",
  );
}

function isFromStdin(node: Extract<Node, { CopyStmt: unknown }>): boolean {
  return node.CopyStmt.filename === undefined;
}

function refuse({ migration, file, line, text }: ParsedStatement, what: string, fix: string): TenantryError {
  return new TenantryError({
    code: "sql-invalid",
    message: `Migration ${migration} ${what} (line ${line}).`,
    details: [text.split("\n")[0] ?? ""],
    hint: `Nothing of it was applied. Correct ${file}: ${fix}`,
  });
}
