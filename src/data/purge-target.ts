import { is } from "drizzle-orm/entity";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { qualify, quoteIdentifier } from "../core/identifiers.js";

/** A table of which expired rows are deleted. */
export type PurgeTarget = {
  /** As `schema.table`. */
  readonly name: string;
  /** How many rows have expired; a count above `$1` is told as `$1`. */
  readonly count: string;
  /** Deletes `$1` expired rows, those that expired first; rows that somebody else holds are left for the next time. */
  readonly remove: string;
};

/**
 * What `purge` of `defineTenancy()` says, against the tables of the schema.
 *
 * @param declared columns by table, as `schema.table` or `table` of `public`.
 * @throws TenantryError `config-invalid` for a table or column that is none, a column without a time, or a table without
 * a primary key.
 */
export function readPurgeTargets(
  declared: Readonly<Record<string, string>>,
  exports: Readonly<Record<string, unknown>>,
): PurgeTarget[] {
  const tables = Object.values(exports)
    .filter((value) => is(value, PgTable))
    .map((table) => getTableConfig(table));
  return Object.entries(declared).map(([given, columnName]) => {
    const wanted = given.includes(".") ? given : `public.${given}`;
    const table = tables.find(({ schema = "public", name }) => `${schema}.${name}` === wanted);
    if (table === undefined) throw invalid(given, "is no table of the schema");
    const column = table.columns.find(({ name }) => name === columnName);
    if (column === undefined) throw invalid(given, `has no column ${columnName}`);
    if (!/^(timestamp|date)/.test(column.getSQLType()))
      throw invalid(given, `has no time in ${columnName}, but ${column.getSQLType()}`);
    const key = [
      ...table.columns.filter(({ primary }) => primary),
      ...table.primaryKeys.flatMap(({ columns }) => columns),
    ].map(({ name }) => quoteIdentifier(name));
    if (key.length === 0) throw invalid(given, "has no primary key");
    const { schema = "public", name } = table;
    const of = qualify(schema, name);
    const expires = quoteIdentifier(columnName);
    return {
      name: `${schema}.${name}`,
      count: `select count(*)::int as rows from (select from ${of} where ${expires} <= now() limit $1) as expired`,
      remove: `delete from ${of} where (${key.join(", ")}) in (
  select ${key.join(", ")} from ${of} where ${expires} <= now() order by ${expires} limit $1 for update skip locked)`,
    };
  });
}

function invalid(table: string, problem: string): TenantryError {
  return new TenantryError({
    code: "config-invalid",
    message: `purge in defineTenancy() names ${table}, which ${problem}.`,
    hint: 'Write purge: { "schema.table": "expires_at" } in drizzle.config.ts.',
  });
}
