import { getColumns, getColumnTable, getTableName } from "drizzle-orm";
import type { AnyPgColumn, ForeignKeyBuilder } from "drizzle-orm/pg-core";
import { foreignKey } from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { fitIdentifier } from "../core/identifiers.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import { declareSetNull } from "./table-declaration.js";

/** A reference from one tenant table to another, or to the tenant root. */
export type TenantForeignKey = {
  /** The referencing columns, without the tenant column; empty for a reference to the tenant root itself. */
  readonly columns: readonly AnyPgColumn[];
  /** The referenced columns, without the tenant column, in the same order. */
  readonly foreignColumns: readonly [AnyPgColumn, ...AnyPgColumn[]];
  /** `set null` nulls the referencing columns alone, never the tenant column. Default: `no action`. */
  readonly onDelete?: "cascade" | "restrict" | "no action" | "set null";
  readonly name?: string;
};

/** The column of a table that has this name in the database. */
function columnNamed(table: object, name: string): AnyPgColumn | undefined {
  const columns: Record<string, AnyPgColumn> = getColumns(table as Parameters<typeof getColumns>[0]) as never;
  return Object.values(columns).find((column) => column.name === name);
}

/** Builds the composite foreign key; see `Tenancy.tenantForeignKey`. */
export function buildTenantForeignKey(
  settings: TenancySettings,
  columns: Readonly<Record<string, AnyPgColumn>>,
  key: TenantForeignKey,
): ForeignKeyBuilder {
  const anyColumn = Object.values(columns)[0];
  const tenant = Object.values(columns).find((column) => column.name === settings.column);
  const foreignTable = getColumnTable(key.foreignColumns[0]);
  const tableName = anyColumn === undefined ? "" : getTableName(getColumnTable(anyColumn));
  if (tenant === undefined) throw missingTenantColumn(tableName, settings.column);
  const isRoot = key.columns.length === 0;
  const foreignTenant = isRoot ? undefined : columnNamed(foreignTable, settings.column);
  if (!isRoot && foreignTenant === undefined)
    throw missingTenantColumn(getTableName(foreignTable), settings.column);
  const local = [tenant, ...key.columns];
  const foreign =
    foreignTenant === undefined ? [...key.foreignColumns] : [foreignTenant, ...key.foreignColumns];
  if (local.length !== foreign.length) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `A tenantForeignKey of ${tableName} names ${key.columns.length} columns, but ${key.foreignColumns.length} foreign columns.`,
      hint: "Name as many columns as foreignColumns; the tenant column is added to both sides.",
    });
  }
  const referencing = isRoot ? [settings.column] : key.columns.map((column) => column.name);
  const name = key.name ?? fitIdentifier([tableName, ...referencing].join("_"), "_fk");
  if (key.onDelete === "set null" && isRoot) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `The reference of ${tableName} to its tenant root cannot be nulled on delete.`,
      hint: 'Use onDelete: "cascade" or "restrict".',
    });
  }
  if (key.onDelete === "set null") declareSetNull(tenant, { constraint: name, columns: referencing });
  else if (key.onDelete === undefined || key.onDelete === "no action")
    declareSetNull(tenant, { constraint: name, columns: [] });
  const builder = foreignKey({ name, columns: local as never, foreignColumns: foreign as never });
  // `set null` would null the whole composite key, tenant column included; the completion writes the right form.
  return key.onDelete === undefined || key.onDelete === "set null" ? builder : builder.onDelete(key.onDelete);
}

/** The error of a table that should be behind its tenant, and has no column for it. */
export function missingTenantColumn(table: string, column: string): TenantryError {
  return new TenantryError({
    code: "tenant-column-missing",
    message: `Table ${table} has no tenant column ${column}.`,
    hint: `Add ...tenantKey() (or ...tenantColumn()) to the columns of ${table}, or declare it with globalTable(t, { reason }).`,
  });
}
