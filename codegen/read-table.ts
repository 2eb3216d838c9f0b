import { getColumns, getTableName, getTableSchema, is, SQL } from "drizzle-orm";
import type { ForeignKey, PgColumn, PgPolicy, PgTable } from "drizzle-orm/pg-core";
import { getTableConfig } from "drizzle-orm/pg-core";
import { codeOf, messageOf } from "../src/core/errors.js";
import { declarationOf, setNullKeysOf } from "../src/rls/table-declaration.js";
import type { PlaceFinder } from "./place-finder.js";
import { DECLARING, readKeys } from "./read-keys.js";
import { readPolicy, renderSql } from "./read-policy.js";
import type { ColumnDefault, ColumnModel, ForeignKeyModel, TableModel } from "./schema-model.js";

/** The schema of a table that names none. */
export const DEFAULT_SCHEMA = "public";

/** A loaded table, and what is known of it from elsewhere. */
export type LoadedTable = {
  readonly table: PgTable;
  readonly exportName: string;
  readonly exportFile: number;
  readonly schema: string;
  readonly name: string;
  readonly places: PlaceFinder;
  /** The comments on the lines above a place. */
  readonly commentsAbove: (place: TableModel["place"]) => string;
  /** Policies that were exported on their own and linked to it. */
  readonly linked: readonly { readonly policy: PgPolicy; readonly place: TableModel["place"] }[];
};

/** A table as plain data. What its extra configuration throws is told, not thrown. */
export function readTable(loadedTable: LoadedTable): TableModel {
  const { table, exportName, exportFile, schema, name, places, linked, commentsAbove } = loadedTable;
  const columns = Object.entries<PgColumn>(getColumns(table) as never);
  const config = configOf(table);
  const loaded = "failure" in config ? undefined : config;
  const primary = new Set(loaded?.primaryKeys.flatMap((key) => key.columns.map((column) => column.name)));
  return {
    schema,
    name,
    exportName,
    exportFile,
    place: places.table,
    // The declaration is made while the extra configuration is evaluated: read it afterwards.
    declaration: declarationOf(table),
    declaredAt: places.extra(DECLARING, ""),
    columns: columns.map(([property, column]) => readColumn(property, column, primary, places)),
    keys: loaded === undefined ? [] : readKeys(loaded, places),
    foreignKeys:
      loaded === undefined ? [] : readForeignKeys(table, loaded.foreignKeys, places, commentsAbove),
    policies: [
      ...(loaded?.policies ?? []).map((policy) => readPolicy(policy, placeOfPolicy(policy, places))),
      ...linked.map(({ policy, place }) => readPolicy(policy, place)),
    ],
    failure: "failure" in config ? config.failure : undefined,
  };
}

function configOf(table: PgTable): ReturnType<typeof getTableConfig> | Pick<Required<TableModel>, "failure"> {
  try {
    return getTableConfig(table);
  } catch (thrown) {
    return { failure: { code: codeOf(thrown), message: messageOf(thrown) } };
  }
}

/** A policy of its own stands at `pgPolicy(…)`, one of the tenancy's where that was called. */
function placeOfPolicy(policy: PgPolicy, places: PlaceFinder): TableModel["place"] {
  const declaring = places.extra(DECLARING, "");
  return places.extra(["pgPolicy"], policy.name, [], declaring === places.table ? undefined : declaring);
}

function readColumn(
  property: string,
  column: PgColumn,
  primary: ReadonlySet<string>,
  places: PlaceFinder,
): ColumnModel {
  return {
    property,
    name: column.name,
    // Drizzle keeps the dimensions of an array apart from its type.
    sqlType: `${column.getSQLType()}${"[]".repeat(Number(Reflect.get(column, "dimensions") ?? 0))}`,
    notNull: column.notNull || column.primary || primary.has(column.name),
    default: readDefault(column),
    generatedAlways: column.generated !== undefined || column.generatedIdentity?.type === "always",
    place: places.column(column.name),
  };
}

function readDefault(column: PgColumn): ColumnDefault | undefined {
  const { default: value, defaultFn } = column;
  if (is(value, SQL)) return { kind: "sql", text: renderSql(value).text };
  if (value !== undefined)
    return {
      kind: "value",
      text: JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each)),
    };
  return defaultFn === undefined ? undefined : { kind: "function", text: "" };
}

function readForeignKeys(
  table: PgTable,
  keys: readonly ForeignKey[],
  places: PlaceFinder,
  commentsAbove: LoadedTable["commentsAbove"],
): ForeignKeyModel[] {
  const nulling = new Map(setNullKeysOf(table).map((key) => [key.constraint, key.columns]));
  return keys.map((key) => {
    const { columns, foreignColumns, foreignTable } = key.reference();
    // Not by getTableConfig, which evaluates the other table's extra configuration: that may throw.
    const foreign = getTableName(foreignTable);
    const names = columns.map((column) => column.name);
    const foreignNames = foreignColumns.map((column) => column.name);
    const explicit = key.isNameExplicit() ? key.getName() : undefined;
    const mentioned = names.length > 1 ? names.slice(1) : names;
    const place = places.extra(
      ["foreignKey", "tenantForeignKey"],
      explicit ?? "",
      mentioned,
      // Without a name it may be one of `.references()`.
      names.length === 1 && explicit === undefined ? places.column(names[0] ?? "") : undefined,
    );
    return {
      name: explicit ?? `${[getTableName(table), ...names, foreign, ...foreignNames].join("_")}_fkey`,
      columns: names,
      foreignSchema: schemaOf(foreignTable),
      foreignTable: foreign,
      foreignColumns: foreignNames,
      onDelete: key.onDelete ?? "no action",
      onUpdate: key.onUpdate ?? "no action",
      nulled: nulling.get(explicit ?? "") ?? [],
      place,
      relation: readRelationNames(commentsAbove(place)),
    };
  });
}

/** `// tenantry-relation author / articles`, or the first of them alone. */
function readRelationNames(comments: string): ForeignKeyModel["relation"] {
  const found = /tenantry-relation\s+([A-Za-z_$][\w$]*)(?:\s*\/\s*([A-Za-z_$][\w$]*))?/.exec(comments);
  return found === null ? undefined : { one: found[1], many: found[2] };
}

/** A table's schema in the database. */
export function schemaOf(table: PgTable): string {
  return getTableSchema(table) ?? DEFAULT_SCHEMA;
}
