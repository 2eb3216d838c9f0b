import type { AnyPgColumn, ForeignKeyBuilder, PgTableExtraConfigValue } from "drizzle-orm/pg-core";
import { camelCase } from "../core/camel-case.js";
import type { TenancyOptions, TenancySettings, TenantColumnType } from "../core/tenancy-settings.js";
import { parseTenancySettings } from "../core/tenancy-settings.js";
import type { GlobalUniqueOptions } from "./global-unique.js";
import { excludeGlobally } from "./global-unique.js";
import type { TenantForeignKey } from "./tenant-foreign-key.js";
import { buildTenantForeignKey } from "./tenant-foreign-key.js";
import type { RootIdBuilder, TenantColumnBuilder } from "./tenant-key.js";
import { idColumn, rootIdBuilder, tenantColumnBuilder } from "./tenant-key.js";
import type { TenantAuditLogOptions, TenantRlsOptions } from "./with-tenant-rls.js";
import {
  auditLogColumns,
  isolate,
  parseAuditErasure,
  shareGlobally,
  tenantColumnOf,
} from "./with-tenant-rls.js";

/** `creator_id` as TypeScript code spells it: `creatorId`. */
export type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type Columns<Key extends string> = Readonly<Record<Key, AnyPgColumn>>;
type AuditLogKey = "actor" | "action" | "tableName" | "rowId" | "before" | "after" | "requestId";

/** The helpers of one project's tenancy. The column's name and type are part of its type. */
export type Tenancy<Key extends string = string, Type extends TenantColumnType = TenantColumnType> = {
  readonly settings: TenancySettings;
  /** The tenant column alone, for a table with a primary key of its own. */
  tenantColumn(): { readonly [K in Key]: TenantColumnBuilder<Type> };
  /** The tenant column and an `id`; `withTenantRls` then adds the primary key `(tenant, id)`. */
  tenantKey(): { readonly [K in Key]: TenantColumnBuilder<Type> } & {
    readonly id: ReturnType<typeof idColumn>;
  };
  /** The `id` of the tenant root, which is the tenant id. */
  tenantRootKey(): { readonly id: RootIdBuilder<Type> };
  /**
   * Puts a table behind its tenant: a permissive policy, the restrictive floor, and a policy for the admin role.
   *
   * @throws TenantryError `tenant-column-missing`, `schema-invalid`
   * @example
   * pgTable("documents", { ...tenantKey(), title: text().notNull() }, (t) => [withTenantRls(t)])
   */
  withTenantRls(columns: Columns<Key>, options?: TenantRlsOptions): PgTableExtraConfigValue[];
  /** The same for the tenant root, whose own `id` is the tenant id. */
  tenantRoot(columns: Columns<"id">, options?: TenantRlsOptions): PgTableExtraConfigValue[];
  /**
   * The append-only table into which the audit triggers write. One for each database. `erase` says what becomes of a
   * tenant's rows in it when the tenant is erased: `keep`, `pseudonymise` (the default) or `delete`.
   *
   * @throws TenantryError `schema-invalid`
   */
  tenantAuditLog(
    columns: Columns<Key | AuditLogKey>,
    options?: TenantAuditLogOptions,
  ): PgTableExtraConfigValue[];
  /** Shared reference data: readable by every service, writable by none. The reason is printed by the checks. */
  globalTable(columns: Columns<never>, options: { readonly reason: string }): PgTableExtraConfigValue[];
  /**
   * A value that is unique in the whole database, such as the address that a creator signs in with. Written as an
   * exclusion constraint and not as a unique index: `on conflict do update` through a key that does not start with the
   * tenant reaches another tenant's row on servers without the fix of CVE-2026-120154, and cannot name an exclusion
   * constraint. A duplicate fails with 23P01, and `on conflict do nothing` works. It tells whether the value is taken:
   * the reason says why that may be known.
   *
   * @example globalUnique(t, { name: "creators_email_key", on: sql`lower(${t.email})`, reason: "It signs in." })
   */
  globalUnique(columns: Columns<never>, unique: GlobalUniqueOptions): PgTableExtraConfigValue[];
  /**
   * A foreign key to another tenant table, with the tenant column in front on both sides, so that a row can only
   * ever refer to a row of its own tenant. With no `columns`: a reference to the tenant root.
   *
   * @example tenantForeignKey(t, { columns: [t.widgetId], foreignColumns: [widgets.id], onDelete: "cascade" })
   */
  tenantForeignKey(columns: Columns<Key>, key: TenantForeignKey): ForeignKeyBuilder;
};

type ColumnOf<Options> = Options extends { readonly column: infer Name extends string } ? Name : "creator_id";
type TypeOf<Options> = Options extends { readonly columnType: infer Type extends TenantColumnType }
  ? Type
  : "uuid";

/**
 * The tenancy of a project: which column, setting and roles isolate its tenants. Call it once, export it from
 * `drizzle.config.ts` as `tenancy`, and use its helpers in the schema. The package's own exports are those of
 * `defineTenancy()` with nothing changed.
 *
 * @throws TenantryError `config-invalid`
 * @example
 * export const tenancy = defineTenancy({ column: "org_id", columnType: "text" });
 * const { tenantKey, withTenantRls } = tenancy; // tables then have t.orgId
 */
export function defineTenancy<const Options extends TenancyOptions = TenancyOptions>(
  options?: Options,
): Tenancy<CamelCase<ColumnOf<Options>>, TypeOf<Options>> {
  type Key = CamelCase<ColumnOf<Options>>;
  type Type = TypeOf<Options>;
  const parsed = parseTenancySettings(options);
  const settings = parsed as TenancySettings & { readonly columnType: Type };
  const property = camelCase(settings.column);
  const tenantColumn = () =>
    ({ [property]: tenantColumnBuilder(settings) }) as Record<Key, TenantColumnBuilder<Type>>;
  return {
    settings,
    tenantColumn,
    tenantKey: () => ({ ...tenantColumn(), id: idColumn() }),
    tenantRootKey: () => ({ id: rootIdBuilder(settings) }),
    withTenantRls: (columns, options = {}) =>
      isolate(settings, columns, {
        kind: "tenant",
        tenant: tenantColumnOf(settings, columns),
        auditLog: undefined,
        options,
      }),
    tenantRoot: (columns, options = {}) =>
      isolate(settings, columns, { kind: "root", tenant: columns.id, auditLog: undefined, options }),
    tenantAuditLog: (columns, { erase, ...options } = {}) =>
      isolate(settings, columns, {
        kind: "tenant",
        tenant: tenantColumnOf(settings, columns),
        auditLog: auditLogColumns({ ip: undefined, ...columns }),
        erase: parseAuditErasure(erase),
        options: { ...options, commands: ["select", "insert"] },
      }),
    globalTable: (columns, options) => shareGlobally(settings, columns, options),
    globalUnique: (columns, unique) => excludeGlobally(columns, unique),
    tenantForeignKey: (columns, key) => buildTenantForeignKey(settings, columns, key),
  };
}
