import type { SQL } from "drizzle-orm";
import { getTableName, is } from "drizzle-orm";
import type { ForeignKey } from "drizzle-orm/pg-core";
import {
  getTableConfig,
  getViewConfig,
  PgDialect,
  PgPolicy,
  PgRole,
  PgTable,
  PgView,
} from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { fitIdentifier } from "../core/identifiers.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import type { GlobalUnique, TableDeclaration } from "../rls/table-declaration.js";
import { declarationOf, globalUniquesOf, setNullKeysOf } from "../rls/table-declaration.js";
import { UUID_V7_CALL } from "../rls/uuid-v7.js";
import type { ExpectedDoor } from "./doors/expected-door.js";
import { readDoors } from "./doors/expected-door.js";

/** A foreign key that nulls some of its own columns, or none, when what it refers to is deleted. */
export type SetNullReference = {
  readonly constraint: string;
  readonly columns: readonly string[];
  readonly foreignSchema: string;
  readonly foreignTable: string;
  readonly foreignColumns: readonly string[];
  readonly nulled: readonly string[];
};

/** A policy as the code demands it; expressions are SQL without parameters. */
export type ExpectedPolicy = {
  readonly name: string;
  readonly permissive: boolean;
  readonly command: "all" | "select" | "insert" | "update" | "delete";
  /** `public`, `current_user`, … as Drizzle spells them, or names of roles. */
  readonly roles: readonly string[];
  readonly using: string | undefined;
  readonly check: string | undefined;
};

/** A table as the code demands it. */
export type ExpectedTable = {
  readonly schema: string;
  readonly name: string;
  /** What the schema file said; undefined if it said nothing, which no check lets pass. */
  readonly declaration: TableDeclaration | undefined;
  readonly columns: readonly string[];
  readonly primaryKey: readonly string[];
  readonly policies: readonly ExpectedPolicy[];
  /** Columns that own a sequence, whose use must be granted to whoever inserts. */
  readonly serialColumns: readonly string[];
  readonly setNullReferences: readonly SetNullReference[];
  readonly globalUniques: readonly GlobalUnique[];
};

/** A view as the code demands it. */
export type ExpectedView = {
  readonly schema: string;
  readonly name: string;
  /** True if it asks the policies of whoever reads it, and not those of its owner. Only then may services read it. */
  readonly securityInvoker: boolean;
};

/** What the code demands of a database. */
export type Expected = {
  readonly settings: TenancySettings;
  readonly tables: readonly ExpectedTable[];
  readonly views: readonly ExpectedView[];
  readonly doors: readonly ExpectedDoor[];
  /** True if a column's default calls the database's own UUID version 7. */
  readonly needsUuidV7: boolean;
};

/** The schema of a table that names none. */
const DEFAULT_SCHEMA = "public";

/**
 * Reads what loaded schema modules demand. A table that is exported under two names counts once.
 *
 * @param exports the exports of the schema files, merged.
 * @throws TenantryError `schema-invalid` if two tables share a name, or more than one audit log is declared.
 */
export function readExpected(
  settings: TenancySettings,
  exports: Readonly<Record<string, unknown>>,
): Expected {
  const found = [...new Set(Object.values(exports).filter((value): value is PgTable => is(value, PgTable)))];
  const configs = found.map((table) => ({ table, config: getTableConfig(table) }));
  const linked = readLinked(exports);
  const doors = readDoors(settings, exports);
  const tables = configs.map(({ table, config }) =>
    withDoorPolicy(settings, doors, readTable(table, config, linked)),
  );
  refuseUnexportedTables(doors, tables);
  refuseTwins(tables);
  const logs = tables.filter((table) => table.declaration?.auditLog !== undefined);
  if (logs.length > 1) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `More than one table is declared with tenantAuditLog: ${logs.map((log) => log.name).join(", ")}.`,
      hint: "Keep one; the audit triggers of all tables write into it.",
    });
  }
  const audited = tables.find((table) => table.declaration?.audit === true);
  if (audited !== undefined && logs.length === 0) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `Table ${audited.name} asks for audit rows, but no table is declared with tenantAuditLog.`,
      hint: "Declare the table that receives them with tenantAuditLog(t), or leave out audit: true.",
    });
  }
  const needsUuidV7 = configs.some(({ config }) =>
    config.columns.some((column) => defaultText(column.default).includes(UUID_V7_CALL)),
  );
  return { settings, tables, views: readViews(exports), doors, needsUuidV7 };
}

/** FORCE and the floor do not bind the door role; only by this policy, and for the granted columns, does it see rows. */
function withDoorPolicy(
  settings: TenancySettings,
  doors: readonly ExpectedDoor[],
  table: ExpectedTable,
): ExpectedTable {
  if (!doors.some((door) => door.schema === table.schema && door.table === table.name)) return table;
  const policy: ExpectedPolicy = {
    name: fitIdentifier(table.name, "_door"),
    permissive: true,
    command: "select",
    roles: [settings.roles.door],
    using: "true",
    check: undefined,
  };
  return { ...table, policies: [...table.policies, policy] };
}

function refuseUnexportedTables(doors: readonly ExpectedDoor[], tables: readonly ExpectedTable[]): void {
  const lost = doors.find(
    (door) => !tables.some((table) => table.schema === door.schema && table.name === door.table),
  );
  if (lost === undefined) return;
  throw new TenantryError({
    code: "schema-invalid",
    message: `The door ${lost.name} is to the table ${lost.table}, which no schema file exports.`,
    hint: "Export the table: drizzle-kit does not see what is not exported.",
  });
}

/** The views that drizzle-kit makes; `existing()` ones are somebody else's. */
function readViews(exports: Readonly<Record<string, unknown>>): ExpectedView[] {
  const found = [...new Set(Object.values(exports).filter((value): value is PgView => is(value, PgView)))];
  return found
    .map((view) => getViewConfig(view))
    .filter(({ isExisting }) => !isExisting)
    .map((config) => ({
      schema: config.schema ?? DEFAULT_SCHEMA,
      name: config.name,
      securityInvoker: config.with?.securityInvoker === true,
    }));
}

/** Policies that are exported by themselves, `pgPolicy(…).link(table)`, by their table: drizzle-kit migrates them, too. */
function readLinked(exports: Readonly<Record<string, unknown>>): ReadonlyMap<object, readonly PgPolicy[]> {
  const linked = new Map<object, PgPolicy[]>();
  for (const policy of new Set(Object.values(exports))) {
    if (!is(policy, PgPolicy)) continue;
    // Not in the types of drizzle-orm; drizzle-kit reads it.
    const table: unknown = Reflect.get(policy, "_linkedTable");
    if (is(table, PgTable)) linked.set(table, [...(linked.get(table) ?? []), policy]);
  }
  return linked;
}

function readTable(
  table: PgTable,
  config: ReturnType<typeof getTableConfig>,
  linked: ReadonlyMap<object, readonly PgPolicy[]>,
): ExpectedTable {
  const inline = config.columns.filter((column) => column.primary).map((column) => column.name);
  const composite = config.primaryKeys[0]?.columns.map((column) => column.name);
  const nulling = new Map(setNullKeysOf(table).map((key) => [key.constraint, key.columns]));
  return {
    schema: config.schema ?? DEFAULT_SCHEMA,
    name: config.name,
    declaration: declarationOf(table),
    columns: config.columns.map((column) => column.name),
    primaryKey: composite ?? inline,
    policies: [...new Set([...config.policies, ...(linked.get(table) ?? [])])].map((policy) =>
      readPolicy(config.name, policy),
    ),
    serialColumns: config.columns
      .filter((column) => /serial$/.test(column.getSQLType()))
      .map((column) => column.name),
    globalUniques: globalUniquesOf(table),
    setNullReferences: config.foreignKeys.flatMap((key) => readSetNull(key, nulling)),
  };
}

const dialect = new PgDialect();

function readPolicy(table: string, policy: PgPolicy): ExpectedPolicy {
  const text = (expression: SQL | undefined): string | undefined => {
    if (expression === undefined) return undefined;
    const query = dialect.sqlToQuery(expression);
    if (query.params.length === 0) return query.sql;
    throw new TenantryError({
      code: "schema-invalid",
      message: `Policy ${policy.name} of ${table} has parameters, which drizzle-kit writes as a literal $1.`,
      hint: "Build the expression with sql.raw(…), or use withTenantRls(t).",
    });
  };
  const to = policy.to ?? "public";
  const roles = (Array.isArray(to) ? to : [to]).map((role) => (is(role, PgRole) ? role.name : String(role)));
  return {
    name: policy.name,
    permissive: policy.as !== "restrictive",
    command: policy.for ?? "all",
    roles,
    using: text(policy.using),
    check: text(policy.withCheck),
  };
}

function readSetNull(key: ForeignKey, nulling: ReadonlyMap<string, readonly string[]>): SetNullReference[] {
  const nulled = nulling.get(key.getName());
  if (nulled === undefined) return [];
  const reference = key.reference();
  return [
    {
      constraint: key.getName(),
      columns: reference.columns.map((column) => column.name),
      foreignSchema: getTableConfig(reference.foreignTable).schema ?? DEFAULT_SCHEMA,
      foreignTable: getTableName(reference.foreignTable),
      foreignColumns: reference.foreignColumns.map((column) => column.name),
      nulled,
    },
  ];
}

function refuseTwins(tables: readonly ExpectedTable[]): void {
  const seen = new Set<string>();
  for (const { schema, name } of tables) {
    const key = JSON.stringify([schema, name]);
    if (seen.has(key)) {
      throw new TenantryError({
        code: "schema-invalid",
        message: `Two tables of the schema are named ${schema}.${name}.`,
        hint: "Rename one of them, or export it once.",
      });
    }
    seen.add(key);
  }
}

/** The text of a raw SQL default; other defaults cannot call a function. */
function defaultText(value: unknown): string {
  if (typeof value !== "object" || value === null || !("queryChunks" in value)) return "";
  return JSON.stringify(value.queryChunks);
}
