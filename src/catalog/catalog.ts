import type { CatalogObject } from "./objects/catalog-object.js";
import type { Surroundings } from "./surroundings.js";

/** One privilege-holder of an object. `PUBLIC` stands for everyone. Privileges are sorted; `*` marks a grant option. */
export type Grant = { readonly role: string; readonly privileges: readonly string[] };

/** A row level security policy as the server prints it. */
export type Policy = {
  readonly name: string;
  readonly permissive: boolean;
  readonly command: "all" | "select" | "insert" | "update" | "delete";
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
};

/** A trigger that is not PostgreSQL's own. */
export type Trigger = { readonly name: string; readonly definition: string; readonly enabled: string };

/** A column. */
export type Column = {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly identity: string;
  readonly generated: string;
  /** The grants on the sequence that a serial column owns. */
  readonly sequenceGrants: readonly Grant[] | null;
};

/** A constraint; `columns` are the table's own, in key order. */
export type Constraint = {
  readonly name: string;
  readonly type: "primary key" | "unique" | "foreign key" | "check" | "exclusion" | "not null" | "trigger";
  readonly definition: string;
  readonly columns: readonly string[];
  /** What a foreign key refers to; its columns in the order of `columns`. */
  readonly foreignTable: {
    readonly schema: string;
    readonly name: string;
    readonly columns: readonly string[];
  } | null;
  readonly valid: boolean;
};

/** An index that no constraint owns. `columns` has null for an expression. */
export type Index = {
  readonly name: string;
  readonly definition: string;
  readonly unique: boolean;
  readonly valid: boolean;
  readonly columns: readonly (string | null)[];
};

/** A table, view or other relation. */
export type Relation = {
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned table" | "view" | "materialized view" | "foreign table";
  readonly owner: string;
  readonly options: readonly string[];
  readonly viewDefinition: string | null;
  readonly rowSecurity: boolean;
  readonly forced: boolean;
  readonly policies: readonly Policy[];
  readonly grants: readonly Grant[];
  readonly columnGrants: readonly (Grant & { readonly column: string })[];
  readonly triggers: readonly Trigger[];
  readonly columns: readonly Column[];
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
};

/** A function or procedure. */
export type DatabaseFunction = {
  readonly schema: string;
  readonly name: string;
  readonly arguments: string;
  readonly definition: string;
  readonly securityDefiner: boolean;
  readonly owner: string;
  readonly grants: readonly Grant[];
};

/** What a role can do by itself. */
export type Role = {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypassesRowSecurity: boolean;
  readonly canLogin: boolean;
  readonly createsRoles: boolean;
  readonly createsDatabases: boolean;
  readonly replication: boolean;
};

/** What a database really has, in the schemas that were asked for. */
export type Catalog = Structure & {
  /** What only the audit looks at; no fact, so nothing of it is ever drift. */
  readonly around: Surroundings;
};

/** The part of a catalog of which facts are made. */
export type Structure = {
  readonly schemas: readonly { readonly name: string; readonly grants: readonly Grant[] }[];
  readonly relations: readonly Relation[];
  readonly functions: readonly DatabaseFunction[];
  readonly enums: readonly {
    readonly schema: string;
    readonly name: string;
    readonly labels: readonly string[];
  }[];
  readonly roles: readonly Role[];
  /** All else that a migration can make. Left out where only isolation is judged. */
  readonly objects?: readonly CatalogObject[];
};
