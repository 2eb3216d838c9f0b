import { getColumnTable } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

/** The commands that a service may run on a table. */
export const COMMANDS = ["select", "insert", "update", "delete"] as const;

/** One of {@link COMMANDS}. */
export type Command = (typeof COMMANDS)[number];

/** Something that a check would refuse, allowed on purpose. */
export type DeclaredException = {
  /** The rule's id, such as `key-not-tenant-leading`. */
  readonly rule: string;
  /** The constraint, index or policy that it is about. */
  readonly subject: string;
  readonly reason: string;
  /** True for what Drizzle cannot express, and so does not know: it is in the database alone. */
  readonly outsideDrizzle?: true;
};

/** The columns of the table into which the audit trigger writes, by their names in the database. */
export type AuditLogColumns = {
  readonly actor: string;
  readonly action: string;
  readonly tableName: string;
  readonly rowId: string;
  readonly before: string;
  readonly after: string;
  readonly requestId: string;
  readonly ip: string | undefined;
};

/**
 * What becomes of a tenant's rows in the audit log when the tenant is erased. `keep`: they stay, with all that they hold of
 * the erased rows. `pseudonymise`: who did what and when stays, under names that lead to nobody; values go. `delete`: none
 * stays.
 */
export type AuditErasure = "keep" | "pseudonymise" | "delete";

/** What a schema file declared about one table. */
export type TableDeclaration = {
  readonly kind: "tenant" | "root" | "global";
  /** The tenant column's name in the database; absent on global tables. */
  readonly tenantColumn: string | undefined;
  /** The type that the context is cast to; absent on global tables. */
  readonly tenantType: string | undefined;
  readonly commands: readonly Command[];
  /** True if every change writes an audit row. */
  readonly audit: boolean;
  /** Columns whose values never enter an audit row, by their names in the database. */
  readonly secret: readonly string[];
  readonly auditLog: AuditLogColumns | undefined;
  /** Of an audit log; a schema that was loaded with an older tenantry says nothing, which is `pseudonymise`. */
  readonly erase?: AuditErasure | undefined;
  readonly exceptions: readonly DeclaredException[];
  /** Why a global table is global. */
  readonly reason: string | undefined;
};

/**
 * A foreign key of which Drizzle cannot say what its deletion nulls, `on delete set null (column)`; or nothing, which
 * looks the same to Drizzle, so that the one can become the other.
 */
export type SetNullKey = { readonly constraint: string; readonly columns: readonly string[] };

/** A value that is unique in the whole database, whosever it is. */
export type GlobalUnique = {
  /** The constraint's name. */
  readonly constraint: string;
  /** What is unique: SQL without parameters, columns by their names alone. */
  readonly expression: string;
  readonly reason: string;
};

/**
 * Declarations are kept on the table object itself, under global symbols, because a schema may be loaded by a second
 * copy of this module (drizzle-kit, jiti and Node.js each have their own module cache).
 */
const DECLARATION = Symbol.for("tenantry.declaration");
const SET_NULL_KEYS = Symbol.for("tenantry.set-null-keys");
const GLOBAL_UNIQUES = Symbol.for("tenantry.global-uniques");

type Declared = {
  [DECLARATION]?: TableDeclaration;
  [SET_NULL_KEYS]?: Map<string, SetNullKey>;
  [GLOBAL_UNIQUES]?: Map<string, GlobalUnique>;
};

function tableOf(column: AnyPgColumn): Declared {
  const table: object = getColumnTable(column);
  return table;
}

/** Remembers what was declared about the table that this column belongs to. */
export function declareTable(column: AnyPgColumn, declaration: TableDeclaration): void {
  const table = tableOf(column);
  table[DECLARATION] = declaration;
}

/** Remembers which columns a foreign key of the column's table nulls. */
export function declareSetNull(column: AnyPgColumn, key: SetNullKey): void {
  const table = tableOf(column);
  table[SET_NULL_KEYS] ??= new Map();
  table[SET_NULL_KEYS].set(key.constraint, key);
}

/** Remembers a value of the column's table that is unique in the whole database. */
export function declareGlobalUnique(column: AnyPgColumn, unique: GlobalUnique): void {
  const table = tableOf(column);
  table[GLOBAL_UNIQUES] ??= new Map();
  table[GLOBAL_UNIQUES].set(unique.constraint, unique);
}

/** What was declared about a table. Drizzle evaluates a table's extras lazily: call `getTableConfig(table)` before. */
export function declarationOf(table: object): TableDeclaration | undefined {
  const declaration = (table as Declared)[DECLARATION];
  const uniques = globalUniquesOf(table);
  if (declaration === undefined || uniques.length === 0) return declaration;
  const exceptions = uniques.map(
    ({ constraint, reason }): DeclaredException => ({
      rule: "key-not-tenant-leading",
      subject: constraint,
      reason,
      outsideDrizzle: true,
    }),
  );
  return { ...declaration, exceptions: [...declaration.exceptions, ...exceptions] };
}

/** The table's values that are unique in the whole database. */
export function globalUniquesOf(table: object): readonly GlobalUnique[] {
  return [...((table as Declared)[GLOBAL_UNIQUES]?.values() ?? [])];
}

/** The table's foreign keys that the completion must look after, and what each of them nulls. */
export function setNullKeysOf(table: object): readonly SetNullKey[] {
  return [...((table as Declared)[SET_NULL_KEYS]?.values() ?? [])];
}
