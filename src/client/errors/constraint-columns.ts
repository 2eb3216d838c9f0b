import { is } from "drizzle-orm/entity";
import { getTableConfig, PgColumn, PgTable } from "drizzle-orm/pg-core";
import { globalUniquesOf } from "../../rls/table-declaration.js";

/** The columns of constraints, by the constraints' names; they are told apart by schema and table. */
export type ConstraintColumns = (
  schema: string | undefined,
  table: string | undefined,
  constraint: string,
) => readonly string[];

/**
 * Knows the constraints of these tables. Under row security the server does not say which columns a violated key has, so
 * the schema must.
 */
export function createConstraintColumns(tables: readonly unknown[]): ConstraintColumns {
  let known: ReadonlyMap<string, readonly string[]> | undefined;
  return (schema, table, constraint) => {
    // Read when the first statement fails: most services never ask.
    known ??= new Map(tables.filter((one) => is(one, PgTable)).flatMap(readConstraints));
    return known.get(keyOf(schema ?? "public", table ?? "", constraint)) ?? [];
  };
}

function readConstraints(table: PgTable): [string, readonly string[]][] {
  const { name, schema = "public", ...config } = getTableConfig(table);
  const constraints: [string, readonly { readonly name: string }[]][] = [
    ...config.primaryKeys.map((key): [string, PgColumn[]] => [key.getName(), key.columns]),
    ...config.columns
      .filter((column) => column.primary)
      .map((column): [string, PgColumn[]] => [`${name}_pkey`, [column]]),
    ...config.columns
      .filter((column) => column.isUnique && column.uniqueName !== undefined)
      .map((column): [string, PgColumn[]] => [column.uniqueName ?? "", [column]]),
    ...config.uniqueConstraints.map((key): [string, PgColumn[]] => [key.getName() ?? "", key.columns]),
    ...config.foreignKeys.map((key): [string, PgColumn[]] => [key.getName(), key.reference().columns]),
    ...config.indexes.map((index): [string, PgColumn[]] => [
      index.config.name ?? "",
      index.config.columns.filter((column) => is(column, PgColumn)),
    ]),
  ];
  const ofColumns = constraints.map(([constraint, columns]): [string, readonly string[]] => [
    keyOf(schema, name, constraint),
    columns.map((column) => column.name),
  ]);
  const ofExpressions = globalUniquesOf(table).map(
    ({ constraint, expression }): [string, readonly string[]] => [
      keyOf(schema, name, constraint),
      config.columns.map((column) => column.name).filter((column) => mentions(expression, column)),
    ],
  );
  return [...ofColumns, ...ofExpressions];
}

function mentions(expression: string, column: string): boolean {
  return expression.includes(`"${column}"`);
}

function keyOf(schema: string, table: string, constraint: string): string {
  return JSON.stringify([schema, table, constraint]);
}
