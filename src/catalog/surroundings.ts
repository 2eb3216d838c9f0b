import type { Grant, Relation } from "./catalog.js";

/** A relation, function or type by its two names. */
export type Place = { readonly schema: string; readonly name: string };

/** A role of the server, as far as it matters to row security. */
export type RoleNode = {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypassesRowSecurity: boolean;
  readonly canLogin: boolean;
  readonly createsRoles: boolean;
  readonly replication: boolean;
};

/** One role is in another. Below PostgreSQL 16 every member may become what it is a member of. */
export type Membership = {
  readonly member: string;
  readonly role: string;
  readonly inherits: boolean;
  readonly canBecome: boolean;
  /** True if the member may give the role to others, and so to itself. */
  readonly administers: boolean;
};

/** A schema or the database, with its owner. */
export type Container = {
  readonly name: string;
  readonly owner: string;
  readonly grants: readonly Grant[];
};

/** What is granted on whatever a role is going to make. */
export type DefaultPrivilege = {
  readonly kind: "tables" | "sequences" | "functions" | "types" | "schemas" | "large objects";
  /** The role that will make them. */
  readonly maker: string;
  /** Null for every schema. */
  readonly schema: string | null;
  readonly grants: readonly Grant[];
};

/** A function that runs as its owner, or that PostgreSQL trusts with hidden rows. */
export type PowerfulFunction = Place & {
  readonly arguments: string;
  readonly owner: string;
  readonly securityDefiner: boolean;
  readonly leakproof: boolean;
  /** As it is set on the function; null if the caller's is used. */
  readonly searchPath: string | null;
  readonly isTrigger: boolean;
  readonly grants: readonly Grant[];
};

/** What a publication sends. `table` is null for a whole schema, both are null for everything. */
export type Publication = {
  readonly name: string;
  readonly schema: string | null;
  readonly table: string | null;
  readonly filtered: boolean;
  /** The condition of a filtered table as the server prints it. */
  readonly filter: string | null;
};

/** What a policy calls and reads, beside its own row. */
export type PolicyUse = Place & {
  readonly policy: string;
  readonly volatileFunctions: readonly string[];
  readonly reads: readonly (Place & {
    readonly kind: string;
    readonly rowSecurity: boolean;
    readonly owner: string;
  })[];
};

/** A sequence of the schemas that were asked for, or one that somebody near one of the roles was granted something on. */
export type Sequence = Place & {
  readonly owner: string;
  readonly grants: readonly Grant[];
  /** The column that it counts for, if it is a serial or an identity column. */
  readonly column: (Place & { readonly column: string }) | null;
};

/** A function of the project's own that an index, a constraint, a default or a partition key calls. */
export type ExpressionUse = Place & {
  readonly in: "index" | "check" | "generated column" | "default" | "partition key";
  /** The index, the constraint or the column. */
  readonly object: string;
  readonly owner: string;
  readonly calls: Place & {
    readonly arguments: string;
    readonly owner: string;
    readonly volatility: "immutable" | "stable" | "volatile";
    readonly securityDefiner: boolean;
    readonly language: string;
    readonly definition: string;
    /** What a function in SQL does, as the server prints it; its source otherwise. */
    readonly body: string;
  };
};

/** `alter role … set`, `alter database … set`: what a session begins with; or what a function sets while it runs. */
export type PresetSetting = {
  /** Null for every role. */
  readonly role: string | null;
  /** The function that sets it, as SQL names it. */
  readonly function: string | null;
  /** True if it is for this database alone. */
  readonly inDatabase: boolean;
  readonly name: string;
  readonly value: string;
};

/** Something that PostgreSQL or an extension keeps to itself, or that lies outside the schemas, with who holds it. */
export type Opening = {
  readonly kind: "catalog" | "function" | "setting" | "foreign server" | "foreign data wrapper";
  /** As SQL names it. */
  readonly name: string;
  readonly grants: readonly Grant[];
};

/** Large objects with one owner and the same grants. */
export type LargeObjects = {
  readonly count: number;
  /** One of them. */
  readonly example: string;
  readonly owner: string;
  readonly grants: readonly Grant[];
};

/** A job that the server runs by itself. */
export type ScheduledJob = {
  readonly id: string;
  readonly role: string;
  readonly command: string;
};

/** What surrounds the schemas that were asked for, and decides with them who can read what. */
export type Surroundings = {
  readonly roles: readonly RoleNode[];
  readonly memberships: readonly Membership[];
  readonly database: Container;
  /** All but PostgreSQL's own. */
  readonly schemas: readonly Container[];
  readonly defaultPrivileges: readonly DefaultPrivilege[];
  /** Relations of other schemas that were granted to PUBLIC, or to somebody near one of the roles. */
  readonly elsewhere: readonly Relation[];
  /** Which view or materialized view reads which relation. */
  readonly viewReads: readonly (Place & { readonly reads: Place })[];
  /** Partitions and inheritance children, directly under their parents. */
  readonly children: readonly (Place & { readonly parent: Place })[];
  /** Rewrite rules, without those that make a view. */
  readonly rules: readonly (Place & { readonly rule: string })[];
  readonly functions: readonly PowerfulFunction[];
  readonly publications: readonly Publication[];
  readonly policyUses: readonly PolicyUse[];
  readonly extensions: readonly string[];
  readonly sequences: readonly Sequence[];
  readonly expressionUses: readonly ExpressionUse[];
  readonly settings: readonly PresetSetting[];
  readonly openings: readonly Opening[];
  readonly largeObjects: readonly LargeObjects[];
  /** What `lo_compat_privileges` is: on, large objects ask for no privileges at all. */
  readonly largeObjectsUnchecked: boolean;
  /** The jobs of pg_cron in this database, as far as the reader may see them. */
  readonly jobs: readonly ScheduledJob[];
};
