import { is } from "drizzle-orm";
import type { getTableConfig } from "drizzle-orm/pg-core";
import { IndexedColumn } from "drizzle-orm/pg-core";
import type { PlaceFinder } from "./place-finder.js";
import type { KeyModel } from "./schema-model.js";

type Config = ReturnType<typeof getTableConfig>;

/** The primary key, unique constraints and indexes of a table, by the names that drizzle-kit gives them. */
export function readKeys(config: Config, places: PlaceFinder): KeyModel[] {
  const { name: table } = config;
  const inline = config.columns.flatMap((column): KeyModel[] => {
    const place = places.column(column.name);
    const common = { columns: [column.name], partial: false, method: "btree", place };
    return [
      ...(column.primary ? [{ ...common, kind: "primary key" as const, name: `${table}_pkey` }] : []),
      ...(column.isUnique
        ? [{ ...common, kind: "unique" as const, name: column.uniqueName ?? `${table}_${column.name}_key` }]
        : []),
    ];
  });
  const primary = config.primaryKeys.map((key): KeyModel => {
    const columns = key.columns.map((column) => column.name);
    const name = key.name ?? `${table}_pkey`;
    return {
      kind: "primary key",
      name,
      columns,
      partial: false,
      method: "btree",
      place: places.extra(["primaryKey", ...DECLARING], name, columns),
    };
  });
  const unique = config.uniqueConstraints.map((key): KeyModel => {
    const columns = key.columns.map((column) => column.name);
    const name = key.getName() ?? "";
    return {
      kind: "unique",
      name,
      columns,
      partial: false,
      method: "btree",
      place: places.extra(["unique"], name, columns),
    };
  });
  const indexes = config.indexes.map(({ config: index }): KeyModel => {
    const columns = index.columns.map((column) => (is(column, IndexedColumn) ? column.name : undefined));
    const name = index.name ?? `${table}_${columns.join("_")}_index`;
    return {
      kind: index.unique ? "unique index" : "index",
      name,
      columns,
      partial: index.where !== undefined,
      method: index.method ?? "btree",
      place: places.extra([index.unique ? "uniqueIndex" : "index"], name, columns),
    };
  });
  return [...inline, ...primary, ...unique, ...indexes];
}

/** The functions of a tenancy that say whose a table's rows are; `withTenantRls` also adds the key of `tenantKey()`. */
export const DECLARING = ["withTenantRls", "tenantRoot", "tenantAuditLog", "globalTable"] as const;
