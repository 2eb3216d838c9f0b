import { is, SQL } from "drizzle-orm";
import type { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { IndexedColumn, PgDialect } from "drizzle-orm/pg-core";
import { quoteIdentifier } from "../../core/identifiers.js";
import { globalUniquesOf } from "../../rls/table-declaration.js";

type Config = ReturnType<typeof getTableConfig>;

const dialect = new PgDialect();

/**
 * True if a table can have no two rows with the same values in these columns: some key of it, over some of them and
 * nothing else, holds for all rows. With `lower`, a key over `lower(column)`.
 */
export function hasUniqueKey(
  table: PgTable,
  config: Config,
  columns: readonly string[],
  normalize: "lower" | undefined,
): boolean {
  const wanted = new Set(
    normalize === "lower"
      ? columns.map((column) => `lower(${quoteIdentifier(column)})`)
      : columns.map(quoteIdentifier),
  );
  return uniqueKeys(table, config).some((key) => key.length > 0 && key.every((part) => wanted.has(part)));
}

/** The parts of each key as SQL; no partial index, which leaves rows out. */
function uniqueKeys(table: PgTable, config: Config): string[][] {
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => quoteIdentifier(name));
  return [
    ...config.primaryKeys.map((key) => names(key.columns)),
    ...config.uniqueConstraints.map((key) => names(key.columns)),
    ...config.columns.filter((column) => column.primary || column.isUnique).map((column) => names([column])),
    ...config.indexes
      .filter(({ config: index }) => index.unique && index.where === undefined)
      .map(({ config: index }) =>
        index.columns.map((part) =>
          is(part, IndexedColumn) ? quoteIdentifier(part.name ?? "?") : is(part, SQL) ? render(part) : "?",
        ),
      ),
    ...globalUniquesOf(table).map(({ expression }) => [plain(expression)]),
  ];
}

function render(part: SQL): string {
  return plain(dialect.sqlToQuery(part, "indexes").sql);
}

/** Without spaces, and without brackets around the whole. */
function plain(expression: string): string {
  const text = expression.replaceAll(/\s+/g, "");
  return text.replace(/^\(([^()]*(?:\([^()]*\)[^()]*)*)\)$/, "$1");
}
