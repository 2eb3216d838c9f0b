import type { ParsedStatement } from "./parse-migration.js";

/** A role's name, or `PUBLIC`. */
export type Grantee = string;

/** Which privilege a role holds, and which statement gave it. */
export type Grants = ReadonlyMap<Grantee, ReadonlyMap<string, ParsedStatement>>;

/** How a table came to be that has another table's rows. */
export type Origin =
  | { readonly kind: "plain" | "foreign" }
  /** Partition or inheritance child. */
  | { readonly kind: "child" | "copy"; readonly of: readonly number[]; readonly at: ParsedStatement };

/** A policy, as the statements so far have left it. */
export type PolicyState = {
  readonly name: string;
  readonly permissive: boolean;
  readonly command: string;
  readonly roles: readonly Grantee[];
  readonly using: string | undefined;
  readonly check: string | undefined;
  /** The table's name, and how many of its columns had been renamed, when the expressions were written. */
  readonly tableName: string;
  readonly renamesSeen: number;
  readonly at: ParsedStatement;
};

/** A table, followed through renames by its number. */
export type TableState = {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  /** Undefined if the folder never creates it: then what it was before is unknown. */
  readonly createdAt: ParsedStatement | undefined;
  readonly origin: Origin;
  readonly rowSecurity: boolean;
  readonly forced: boolean;
  /** The statement that last changed it. */
  readonly rowSecurityAt: ParsedStatement | undefined;
  readonly forcedAt: ParsedStatement | undefined;
  readonly policies: ReadonlyMap<string, PolicyState>;
  /** Policies that were dropped and are not there. */
  readonly droppedPolicies: ReadonlyMap<string, ParsedStatement>;
  readonly grants: Grants;
  readonly triggers: ReadonlySet<string>;
  /** By trigger, `*` for all of them: the statement that disabled or dropped it. */
  readonly silencedTriggers: ReadonlyMap<string, ParsedStatement>;
  readonly columnRenames: readonly { readonly from: string; readonly to: string }[];
  /** By name: constraints and indexes that tell values apart, and foreign keys. */
  readonly keys: ReadonlyMap<string, KeyState>;
  /** Columns of which it is known that they may be null. */
  readonly nullable: ReadonlySet<string>;
};

/** A key, as the statements so far have left it. */
export type KeyState = {
  readonly kind: "primary key" | "unique" | "exclusion" | "foreign key";
  readonly name: string;
  /** In order; undefined for an expression. */
  readonly columns: readonly (string | undefined)[];
  readonly reference: Reference | undefined;
  readonly at: ParsedStatement;
};

/** What a foreign key refers to. */
export type Reference = {
  /** The number of the table; undefined if the folder never names it otherwise. */
  readonly table: number | undefined;
  readonly columns: readonly string[];
  /** Columns that are nulled or reset when what they refer to goes or changes. */
  readonly cleared: readonly string[];
};

/** A view; `reads` are the tables and views in its query. */
export type ViewState = {
  readonly schema: string;
  readonly name: string;
  readonly materialized: boolean;
  readonly securityInvoker: boolean;
  /** Numbers of tables, keys of views. */
  readonly reads: readonly (number | string)[];
  readonly at: ParsedStatement;
};

/** A function or procedure. */
export type FunctionState = {
  readonly schema: string;
  readonly name: string;
  readonly parameters: string;
  readonly definer: boolean;
  readonly leakproof: boolean;
  readonly isTrigger: boolean;
  readonly searchPath: readonly string[] | undefined;
  readonly publicExecute: boolean;
  /** Roles that have been granted EXECUTE by name. */
  readonly executors: ReadonlySet<Grantee>;
  /** Undefined for whoever runs the migrations. */
  readonly owner: Grantee | undefined;
  /** The text that created it; undefined if it was altered since, or the folder does not create it. */
  readonly created: string | undefined;
  readonly at: ParsedStatement;
};

/** What the statements so far have made. Never changed in place. */
export type SchemaState = {
  readonly nextId: number;
  /** Schemas in which names without one are looked up, in order; and what that is again after the transaction. */
  readonly searchPath: readonly string[];
  readonly sessionPath: readonly string[];
  /** Temporary tables, which are found before any other while the session lasts. */
  readonly temporaries: ReadonlySet<string>;
  /** Schemas that the folder has created. */
  readonly schemas: ReadonlySet<string>;
  readonly tables: ReadonlyMap<string, TableState>;
  readonly views: ReadonlyMap<string, ViewState>;
  readonly functions: ReadonlyMap<string, FunctionState>;
  /** True if a default privilege has taken EXECUTE on new functions from PUBLIC. */
  readonly functionsClosed: boolean;
};

/** Before the first statement. */
export const EMPTY_STATE: SchemaState = {
  nextId: 1,
  searchPath: ["public"],
  sessionPath: ["public"],
  temporaries: new Set(),
  schemas: new Set(),
  tables: new Map(),
  views: new Map(),
  functions: new Map(),
  functionsClosed: false,
};

/** The key under which tables, views and functions are kept. */
export function stateKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

/** A copy of a map with one entry more, or one less where the value is undefined. */
export function withEntry<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
  value: Value | undefined,
): ReadonlyMap<Key, Value> {
  const copy = new Map(map);
  if (value === undefined) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

/** Puts a table in the place of what stood under its name. */
export function putTable(state: SchemaState, table: TableState): SchemaState {
  return { ...state, tables: withEntry(state.tables, stateKey(table.schema, table.name), table) };
}

/** The table of a number, whatever it is called by then. */
export function tableById(state: SchemaState, id: number): TableState | undefined {
  let index = byId.get(state.tables);
  if (index === undefined) {
    index = new Map([...state.tables.values()].map((table) => [table.id, table]));
    byId.set(state.tables, index);
  }
  return index.get(id);
}

const byId = new WeakMap<object, ReadonlyMap<number, TableState>>();
