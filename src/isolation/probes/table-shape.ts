/** A type, as far as a value of it can be made up. */
export type ShapeType = {
  readonly id: string;
  /** As SQL spells it, without a length. */
  readonly name: string;
  /** The bare name in the catalog: `int4`, `varchar`, … */
  readonly internal: string;
  readonly kind: "base" | "enum" | "domain" | "composite" | "range" | "multirange" | "array" | "other";
  /** `S` for what behaves like text, `N` for numbers; of pg_type. */
  readonly category: string;
  /** The type of an array's elements, of a range's bounds, or under a domain. */
  readonly inner: string | null;
  readonly innerModifier: number;
  readonly notNull: boolean;
  readonly labels: readonly string[];
  /** The conditions of a domain, over `value`. */
  readonly checks: readonly string[];
  readonly attributes: readonly { readonly type: string; readonly modifier: number }[];
};

/** A column, as far as a value for it can be made up. */
export type ShapeColumn = {
  readonly name: string;
  /** As SQL spells it, with its length. */
  readonly sqlType: string;
  readonly type: string;
  /** pg_attribute.atttypmod; -1 for none. */
  readonly modifier: number;
  readonly notNull: boolean;
  readonly default: string | null;
  /** `a` always, `d` by default, or empty. */
  readonly identity: string;
  /** The expression of a generated column. */
  readonly generated: string | null;
};

/** A foreign key. */
export type ShapeReference = {
  readonly name: string;
  readonly columns: readonly string[];
  readonly foreignTable: string;
  readonly foreignColumns: readonly string[];
  readonly deferrable: boolean;
  /** pg_constraint.confdeltype: `a` no action, `r` restrict, `c` cascade, `n` set null, `d` set default. */
  readonly onDelete: string;
  /** pg_constraint.confupdtype, in the same letters. */
  readonly onUpdate: string;
};

/** A unique or exclusion constraint, or a unique index. */
export type ShapeKey = {
  readonly name: string;
  readonly isExclusion: boolean;
  readonly isConstraint: boolean;
  /** Columns and expressions, as SQL. */
  readonly parts: readonly string[];
  readonly predicate: string | null;
};

/** A condition that every row meets. */
export type ShapeCheck = { readonly name: string; readonly expression: string };

/** A partition or an inheritance child. */
export type ShapeChild = {
  readonly schema: string;
  readonly name: string;
  /** pg_class.relkind: `r` table, `p` partitioned table, `f` foreign table. */
  readonly kind: string;
  /** False for an inheritance child, into which nothing is routed. */
  readonly isPartition: boolean;
  /** What a row must meet to get into a partition; null if it takes everything. */
  readonly bound: string | null;
};

/** A table, as far as rows of it can be made up. */
export type TableShape = {
  /** The name as {@link shapeKey} writes it. */
  readonly key: string;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ShapeColumn[];
  readonly references: readonly ShapeReference[];
  readonly keys: readonly ShapeKey[];
  /** Check constraints, and, of a partitioned table, that one partition takes the row. */
  readonly checks: readonly ShapeCheck[];
  readonly isPartitioned: boolean;
  /** Partitions and inheritance children, however deep. */
  readonly children: readonly ShapeChild[];
  /** The keys of tables of which a row must be there first, though no foreign key says so. */
  readonly after: readonly string[];
  /** What the planner believes. */
  readonly estimatedRows: number;
};

/** Everything that row making reads from the server. */
export type Shapes = {
  readonly tables: ReadonlyMap<string, TableShape>;
  readonly types: ReadonlyMap<string, ShapeType>;
};

/** One name for a table in maps. */
export function shapeKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}
