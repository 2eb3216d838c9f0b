import { parse } from "libpg-query";
import { TenantryError } from "../../core/errors.js";
import type { Demand } from "../../isolation/demands.js";
import { demandSql } from "../../isolation/demands.js";
import type { Expected } from "../../isolation/expected.js";
import { STATEMENT_BREAKPOINT, splitBreakpoints } from "../folder/breakpoints.js";

const BEFORE = "-- tenantry: what the statements below need";
const AFTER = "-- tenantry: completion, what drizzle-kit cannot write";
const END = "-- tenantry: end";

/** The parts of a `migration.sql`, in order. */
export type MigrationParts = {
  readonly before: readonly string[];
  readonly generated: readonly string[];
  readonly completion: readonly string[];
};

/** Joins the parts as drizzle-kit would, the completion between plain comment markers. */
export function formatMigration(parts: MigrationParts): string {
  const marked = (marker: string, statements: readonly string[]) =>
    statements.map((statement, index) => {
      const head = index === 0 ? `${marker}\n` : "";
      const tail = index === statements.length - 1 ? `\n${END}` : "";
      return `${head}${statement};${tail}`;
    });
  const chunks = [...marked(BEFORE, parts.before), ...parts.generated, ...marked(AFTER, parts.completion)];
  return `${chunks.join(`\n${STATEMENT_BREAKPOINT}\n`)}\n`;
}

/** The statements that drizzle-kit wrote; comments alone (an empty custom migration) are none. */
export function generatedStatements(sql: string): string[] {
  return splitBreakpoints(sql).filter((chunk) =>
    chunk.split("\n").some((line) => line.trim() !== "" && !line.trim().startsWith("--")),
  );
}

/** The demands of phase `before` that no earlier migration has met. */
export function missingBefore(
  demands: readonly Demand[],
  earlier: readonly { readonly sql: string }[],
): string[] {
  const texts = earlier.map((migration) => migration.sql.replaceAll("\r\n", "\n"));
  return demands
    .filter((demand) => demand.phase === "before")
    .flatMap(demandSql)
    .filter((statement) => !texts.some((text) => text.includes(statement)));
}

/**
 * Leaves out statements that would switch row security off, or un-force it, on a table that the schema still has.
 * drizzle-kit writes one when a table's last policy goes: it fails open.
 *
 * @throws TenantryError `sql-invalid` if a statement does not parse.
 */
export async function withoutUnprotecting(
  statements: readonly string[],
  expected: Expected,
): Promise<string[]> {
  const kept = await Promise.all(
    statements.map(async (statement) => !(await unprotects(statement, expected))),
  );
  return statements.filter((_, index) => kept[index]);
}

async function unprotects(statement: string, expected: Expected): Promise<boolean> {
  const { stmts } = await parseSql(statement);
  return (stmts ?? []).some(({ stmt }) => {
    if (stmt === undefined || !("AlterTableStmt" in stmt)) return false;
    const { relation, cmds } = stmt.AlterTableStmt;
    const exists = expected.tables.some(
      (table) => table.name === relation?.relname && table.schema === (relation?.schemaname ?? "public"),
    );
    const opens = (cmds ?? []).some(
      (cmd) =>
        "AlterTableCmd" in cmd &&
        (cmd.AlterTableCmd.subtype === "AT_DisableRowSecurity" ||
          cmd.AlterTableCmd.subtype === "AT_NoForceRowSecurity"),
    );
    return exists && opens;
  });
}

async function parseSql(statement: string) {
  try {
    return await parse(statement);
  } catch (thrown) {
    throw new TenantryError({
      code: "sql-invalid",
      message: "drizzle-kit wrote a statement that PostgreSQL cannot parse.",
      details: [statement, thrown instanceof Error ? thrown.message : String(thrown)],
      hint: "Look at the raw SQL in your schema: defaults, checks, index expressions and policies.",
      cause: thrown,
    });
  }
}
