import type { SQL } from "drizzle-orm";
import { getColumnTable, getTableName } from "drizzle-orm";
import type { AnyPgColumn, PgTableExtraConfigValue } from "drizzle-orm/pg-core";
import { PgDialect } from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { requireReason } from "./require-reason.js";
import { declareGlobalUnique } from "./table-declaration.js";

/** A value that is unique in the whole database; see `Tenancy.globalUnique`. */
export type GlobalUniqueOptions = {
  /** The constraint's name, unique in its schema. */
  readonly name: string;
  /** What is unique: an expression over the table's columns, such as sql`lower(${t.email})`. */
  readonly on: SQL;
  /** Why tenants may learn that a value is taken. */
  readonly reason: string;
};

const dialect = new PgDialect();

/** Declares the constraint; the completion writes it, since Drizzle has no exclusion constraints. */
export function excludeGlobally(
  columns: Readonly<Record<string, AnyPgColumn>>,
  { name, on, reason }: GlobalUniqueOptions,
): PgTableExtraConfigValue[] {
  const column = Object.values(columns)[0];
  if (column === undefined) return [];
  requireReason(reason, `the global unique ${name} of ${getTableName(getColumnTable(column))}`);
  const { sql, params } = dialect.sqlToQuery(on, "indexes");
  if (params.length > 0) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `The global unique ${name} has parameters, which cannot stand in a constraint.`,
      hint: "Write values into the expression with sql.raw(…).",
    });
  }
  declareGlobalUnique(column, { constraint: name, expression: sql, reason });
  return [];
}
