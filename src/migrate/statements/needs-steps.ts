import type { Migration } from "../folder/migration.js";
import { listStatements } from "./list-statements.js";
import type { MigrationStatement } from "./migration-statement.js";

/** Most migrations contain none of these words: they need not be parsed to know that one transaction will do. */
const WORDS =
  /\b(concurrently|vacuum|system|reindex|cluster|database|tablespace|subscription|discard|stdin|begin|start|commit|end|rollback|abort|prepare|value)\b/i;

/**
 * The statements of a migration that has to run step by step, or undefined if one transaction can hold all of it.
 *
 * @throws TenantryError as `listStatements`; but what does not parse, the server will say better.
 */
export async function needsSteps(
  migration: Pick<Migration, "name" | "file" | "sql" | "directives">,
): Promise<readonly MigrationStatement[] | undefined> {
  const { noTransaction } = migration.directives;
  if (!noTransaction && !WORDS.test(migration.sql)) return undefined;
  const statements = await listStatements(migration).catch((thrown: unknown) => {
    if (isUnparsable(thrown)) return [];
    throw thrown;
  });
  if (noTransaction && statements.length > 0) return statements;
  return statements.some(({ role }) => role !== "inside") || usesNewValue(statements)
    ? statements
    : undefined;
}

/** A value that ALTER TYPE … ADD VALUE adds, and that a later statement names: PostgreSQL wants a COMMIT in between. */
function usesNewValue(statements: readonly MigrationStatement[]): boolean {
  return statements.some(
    ({ addsValue }, index) =>
      addsValue !== undefined &&
      statements
        .slice(index + 1)
        .some((later) => later.addsValue === undefined && later.text.includes(addsValue)),
  );
}

function isUnparsable(thrown: unknown): boolean {
  return thrown instanceof Error && "cause" in thrown && thrown.cause !== undefined;
}
