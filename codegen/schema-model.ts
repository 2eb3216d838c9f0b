import type { TableDeclaration } from "../src/rls/table-declaration.js";

/** Where something stands in a schema file. */
export type Place = {
  /** Relative to the project's directory, with forward slashes. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
};

/** Whatever may have a place; what was made at run time, in a loop say, may have none. */
type Placed = { readonly place: Place | undefined };

/** A column's default. `sql` and `value` are the database's, `function` runs in the service. */
export type ColumnDefault = { readonly kind: "sql" | "value" | "function"; readonly text: string };

/** A column of a table. */
export type ColumnModel = Placed & {
  /** The property of the table object, such as `creatorId`. */
  readonly property: string;
  readonly name: string;
  readonly sqlType: string;
  readonly notNull: boolean;
  readonly default: ColumnDefault | undefined;
  /** `generated always as (…)` or `generated always as identity`: nobody may write it. */
  readonly generatedAlways: boolean;
};

/** A primary key, a unique constraint or an index. */
export type KeyModel = Placed & {
  readonly kind: "primary key" | "unique" | "unique index" | "index";
  readonly name: string;
  /** In key order, by their names in the database; undefined for an expression. */
  readonly columns: readonly (string | undefined)[];
  /** True if it holds only the rows of a predicate. */
  readonly partial: boolean;
  /** `btree`, unless the schema says otherwise. */
  readonly method: string;
};

/** A foreign key. */
export type ForeignKeyModel = Placed & {
  readonly name: string;
  readonly columns: readonly string[];
  readonly foreignSchema: string;
  readonly foreignTable: string;
  readonly foreignColumns: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
  /** What `tenantForeignKey(…, { onDelete: "set null" })` nulls; empty otherwise. */
  readonly nulled: readonly string[];
  /** The names that a comment above it gives to its relation, and to the one in the other direction. */
  readonly relation: { readonly one: string | undefined; readonly many: string | undefined } | undefined;
};

/** A row level security policy; expressions are SQL as drizzle-kit would write it. */
export type PolicyModel = Placed & {
  readonly name: string;
  readonly permissive: boolean;
  readonly command: "all" | "select" | "insert" | "update" | "delete";
  readonly roles: readonly string[];
  readonly using: string | undefined;
  readonly check: string | undefined;
  /** How many parameters the expressions have; drizzle-kit writes each as a literal `$1`. */
  readonly parameters: number;
};

/** A table. */
export type TableModel = Placed & {
  readonly schema: string;
  readonly name: string;
  /** The first name under which a schema file exports it, and the position of that file among the schema files. */
  readonly exportName: string;
  readonly exportFile: number;
  readonly declaration: TableDeclaration | undefined;
  /** Where the call stands that declared it: `withTenantRls(t)` and its like. */
  readonly declaredAt: Place | undefined;
  readonly columns: readonly ColumnModel[];
  readonly keys: readonly KeyModel[];
  readonly foreignKeys: readonly ForeignKeyModel[];
  readonly policies: readonly PolicyModel[];
  /** Why its extra configuration could not be evaluated; keys and policies are then missing here. */
  readonly failure: { readonly code: string | undefined; readonly message: string } | undefined;
};

/** A view, or a materialized one. */
export type ViewModel = Placed & {
  readonly schema: string;
  readonly name: string;
  readonly exportName: string;
  readonly materialized: boolean;
  readonly securityInvoker: boolean;
  /** Its query, or undefined if the view is declared `.existing()`. */
  readonly query: string | undefined;
};

/** A look-up before the tenant is known. */
export type DoorModel = Placed & {
  readonly name: string;
  readonly exportName: string;
  readonly exportFile: number;
  /** Undefined if no schema file exports it. */
  readonly table: TableModel | undefined;
  readonly by: readonly DoorColumnModel[];
  readonly normalize: "lower" | undefined;
  /** Undefined if it tells only whether there is a row. */
  readonly returns: readonly DoorColumnModel[] | undefined;
  /** Undefined for the tenant role. */
  readonly to: string | undefined;
  readonly reason: string;
};

/** A column of a door, as the database and as the table object call it. */
export type DoorColumnModel = { readonly name: string; readonly property: string };

/** An enum, a sequence or a role. */
export type ObjectModel = Placed & {
  readonly kind: "enum" | "sequence" | "role";
  readonly schema: string | undefined;
  readonly name: string;
  readonly exportName: string;
};

/** Something that a source file declares and that no schema file exports: drizzle-kit does not see it. */
export type UnexportedModel = Placed & {
  readonly kind: "table" | "view" | "materialized view" | "enum" | "sequence" | "policy";
  readonly name: string;
};

/** The schema of a project: what the sources say and what they evaluate to, put together. Plain data. */
export type SchemaModel = {
  readonly tables: readonly TableModel[];
  readonly views: readonly ViewModel[];
  /** In the order of their names. */
  readonly doors: readonly DoorModel[];
  readonly objects: readonly ObjectModel[];
  readonly unexported: readonly UnexportedModel[];
};
