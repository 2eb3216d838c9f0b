import { sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { bigint, integer, text, uuid } from "drizzle-orm/pg-core";
import type { TenancySettings, TenantColumnType } from "../core/tenancy-settings.js";
import { contextValue } from "./policy-expression.js";
import { UUID_V7_CALL, uuidV7 } from "./uuid-v7.js";

/** Marks the id of {@link tenantKeyColumns}, so that `withTenantRls` knows to add the tenant-leading primary key. */
const TENANT_KEY = Symbol.for("tenantry.tenant-key");

const newId = Object.assign(() => uuidV7(), { [TENANT_KEY]: true });

const builders = {
  uuid: (name: string) => uuid(name).notNull(),
  text: (name: string) => text(name).notNull(),
  integer: (name: string) => integer(name).notNull(),
  bigint: (name: string) => bigint(name, { mode: "bigint" }).notNull(),
};

function contextDefault(settings: TenancySettings) {
  return sql.raw(contextValue(settings, settings.columnType));
}

/** Not null, and the tenant context unless a value is given. */
const withContextDefault = {
  uuid: (settings: TenancySettings, name: string) => builders.uuid(name).default(contextDefault(settings)),
  text: (settings: TenancySettings, name: string) => builders.text(name).default(contextDefault(settings)),
  integer: (settings: TenancySettings, name: string) =>
    builders.integer(name).default(contextDefault(settings)),
  bigint: (settings: TenancySettings, name: string) =>
    builders.bigint(name).default(contextDefault(settings)),
};

/** The builder of a tenant column of a type. */
export type TenantColumnBuilder<Type extends TenantColumnType> = ReturnType<
  (typeof withContextDefault)[Type]
>;

/** The tenant column: not null, and the tenant context by default, so that a service inserts without naming it. */
export function tenantColumnBuilder<Type extends TenantColumnType>(
  settings: TenancySettings & { readonly columnType: Type },
): TenantColumnBuilder<Type> {
  const build: (settings: TenancySettings, name: string) => unknown = withContextDefault[settings.columnType];
  return build(settings, settings.column) as TenantColumnBuilder<Type>;
}

/** An id: UUID version 7, made by the client, or by the database for raw SQL. */
export function idColumn() {
  return uuid("id").notNull().$defaultFn(newId).default(sql.raw(UUID_V7_CALL));
}

const rootBuilders = {
  // The new tenant's id is made first and becomes the context; without a context (an operator's raw SQL) it is new.
  uuid: (settings: TenancySettings) =>
    uuid("id")
      .primaryKey()
      .default(sql.raw(`coalesce(${contextValue(settings, "uuid")}, ${UUID_V7_CALL})`)),
  text: (settings: TenancySettings) => text("id").primaryKey().default(contextDefault(settings)),
  integer: (settings: TenancySettings) => integer("id").primaryKey().default(contextDefault(settings)),
  bigint: (settings: TenancySettings) =>
    bigint("id", { mode: "bigint" }).primaryKey().default(contextDefault(settings)),
};

/** The builder of a tenant root's id. */
export type RootIdBuilder<Type extends TenantColumnType> = ReturnType<(typeof rootBuilders)[Type]>;

/** The id of the tenant root, which is the tenant id: the context by default. */
export function rootIdBuilder<Type extends TenantColumnType>(
  settings: TenancySettings & { readonly columnType: Type },
): RootIdBuilder<Type> {
  const build: (settings: TenancySettings) => unknown = rootBuilders[settings.columnType];
  return build(settings) as RootIdBuilder<Type>;
}

/** True if this column is the `id` that `tenantKey()` made. */
export function isTenantKeyId(column: AnyPgColumn): boolean {
  return column.defaultFn !== undefined && TENANT_KEY in column.defaultFn;
}
