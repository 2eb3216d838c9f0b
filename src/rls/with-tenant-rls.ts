import { getColumns, getColumnTable, getTableName, sql } from "drizzle-orm";
import type { AnyPgColumn, PgTableExtraConfigValue } from "drizzle-orm/pg-core";
import { pgPolicy, pgRole, primaryKey } from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { fitIdentifier } from "../core/identifiers.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import { contextType, tenantExpression } from "./policy-expression.js";
import { requireReason } from "./require-reason.js";
import type {
  AuditErasure,
  AuditLogColumns,
  Command,
  DeclaredException,
  TableDeclaration,
} from "./table-declaration.js";
import { COMMANDS, declareTable } from "./table-declaration.js";
import { missingTenantColumn } from "./tenant-foreign-key.js";
import { isTenantKeyId } from "./tenant-key.js";

/** The columns that Drizzle hands to a table's extra configuration. */
export type TableColumns = Readonly<Record<string, AnyPgColumn>>;

/** What may be said about a tenant table. */
export type TenantRlsOptions = {
  /** What a service may do; default all four. `["select", "insert"]` makes a table append-only. */
  readonly commands?: readonly [Command, ...Command[]];
  /** Write an audit row, in the same transaction, for every change. Needs a table with `tenantAuditLog`. Default false. */
  readonly audit?: boolean;
  /** Columns whose values never enter an audit row, such as password and token hashes. */
  readonly secret?: readonly AnyPgColumn[];
  /** What the checks shall accept, each with a reason. */
  readonly exceptions?: readonly DeclaredException[];
};

/** What may be said about the audit log. */
export type TenantAuditLogOptions = Pick<TenantRlsOptions, "exceptions"> & {
  /**
   * What `tenantry erase` does with the rows of the tenant that it erases. Default `pseudonymise`: a log that kept the rows
   * as they were would keep what was to be erased, and one that was emptied could not show that it was.
   */
  readonly erase?: AuditErasure;
};

type Declaration = Pick<TableDeclaration, "kind" | "auditLog"> & {
  readonly erase?: AuditErasure | undefined;
  readonly tenant: AnyPgColumn;
  readonly options: TenantRlsOptions;
};

/** Declares a table behind its tenant, and returns what Drizzle shall know of it: policies, and the primary key. */
export function isolate(
  settings: TenancySettings,
  columns: TableColumns,
  declared: Declaration,
): PgTableExtraConfigValue[] {
  const { tenant, options } = declared;
  const table = getTableName(getColumnTable(tenant));
  const sqlType = realColumn(tenant).getSQLType();
  const type = contextType(sqlType);
  if (type === undefined) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `The tenant column ${table}.${tenant.name} is of type ${sqlType}, which cannot hold a tenant id.`,
      hint: "Make it uuid, text, integer or bigint.",
    });
  }
  for (const exception of options.exceptions ?? [])
    requireReason(exception.reason, `the exception ${exception.rule} of ${table}`);
  declareTable(tenant, {
    kind: declared.kind,
    tenantColumn: tenant.name,
    tenantType: type,
    commands: options.commands ?? COMMANDS,
    audit: options.audit ?? false,
    secret: (options.secret ?? []).map((column) => column.name),
    auditLog: declared.auditLog,
    ...(declared.auditLog === undefined ? {} : { erase: declared.erase ?? "pseudonymise" }),
    exceptions: options.exceptions ?? [],
    reason: undefined,
  });
  const expression = sql.raw(tenantExpression(settings, tenant.name, type));
  const policy = (suffix: string, as: "permissive" | "restrictive") =>
    pgPolicy(fitIdentifier(table, suffix), {
      as,
      for: "all",
      to: pgRole(settings.roles.tenant).existing(),
      using: expression,
      withCheck: expression,
    });
  const id = Object.values(columns).find((column) => isTenantKeyId(column));
  const key =
    id === undefined ? [] : [primaryKey({ name: fitIdentifier(table, "_pkey"), columns: [tenant, id] })];
  return [
    ...key,
    policy("_tenant", "permissive"),
    policy("_floor", "restrictive"),
    adminPolicy(settings, table),
  ];
}

/** Declares shared reference data: every service may read it, none may change it. */
export function shareGlobally(
  settings: TenancySettings,
  columns: TableColumns,
  options: { readonly reason: string },
): PgTableExtraConfigValue[] {
  const first = Object.values(columns)[0];
  if (first === undefined)
    throw new TenantryError({ code: "schema-invalid", message: "A global table has no columns." });
  const table = getTableName(getColumnTable(first));
  requireReason(options.reason, `the global table ${table}`);
  declareTable(first, {
    kind: "global",
    tenantColumn: undefined,
    tenantType: undefined,
    commands: ["select"],
    audit: false,
    secret: [],
    auditLog: undefined,
    exceptions: [],
    reason: options.reason,
  });
  const read = pgPolicy(fitIdentifier(table, "_global"), {
    as: "permissive",
    for: "select",
    to: pgRole(settings.roles.tenant).existing(),
    using: sql.raw("true"),
  });
  return [read, adminPolicy(settings, table)];
}

/** The tenant column among a table's columns. */
export function tenantColumnOf(settings: TenancySettings, columns: TableColumns): AnyPgColumn {
  const tenant = Object.values(columns).find((column) => column.name === settings.column);
  if (tenant !== undefined) return tenant;
  const first = Object.values(columns)[0];
  throw missingTenantColumn(first === undefined ? "" : getTableName(getColumnTable(first)), settings.column);
}

/** The names, in the database, of the columns that the audit trigger fills. */
export function auditLogColumns(
  columns: Readonly<Record<keyof AuditLogColumns, AnyPgColumn | undefined>>,
): AuditLogColumns {
  const name = (key: keyof AuditLogColumns): string => {
    const column = columns[key];
    if (column !== undefined) return column.name;
    throw new TenantryError({
      code: "schema-invalid",
      message: `A tenantAuditLog has no column ${key}.`,
      hint: "It needs actor, action, tableName, rowId, before, after and requestId; ip is optional.",
    });
  };
  return {
    actor: name("actor"),
    action: name("action"),
    tableName: name("tableName"),
    rowId: name("rowId"),
    before: name("before"),
    after: name("after"),
    requestId: name("requestId"),
    ip: columns.ip?.name,
  };
}

/** What a schema file in JavaScript may have misspelt. */
export function parseAuditErasure(erase: AuditErasure | undefined): AuditErasure | undefined {
  if (erase === undefined || ["keep", "pseudonymise", "delete"].includes(erase)) return erase;
  throw new TenantryError({
    code: "schema-invalid",
    message: `The erase of tenantAuditLog is ${JSON.stringify(erase)}.`,
    hint: 'Write erase: "keep", "pseudonymise" or "delete".',
  });
}

/** Break-glass work and data migrations: a policy of their own, since managed servers do not grant BYPASSRLS. */
function adminPolicy(settings: TenancySettings, table: string) {
  return pgPolicy(fitIdentifier(table, "_admin"), {
    as: "permissive",
    for: "all",
    to: pgRole(settings.roles.admin).existing(),
    using: sql.raw("true"),
    withCheck: sql.raw("true"),
  });
}

/** The columns of an extra configuration do not know their SQL type in every case; the table's own do. */
function realColumn(column: AnyPgColumn): AnyPgColumn {
  const columns: Record<string, AnyPgColumn> = getColumns(getColumnTable(column)) as never;
  return Object.values(columns).find((candidate) => candidate.name === column.name) ?? column;
}
