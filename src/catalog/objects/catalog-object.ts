/** How a thing of a catalog is made and taken away again; empty where no SQL does it by itself. */
export type Statements = {
  readonly make: readonly string[];
  readonly drop: readonly string[];
  /** What depends on others has a higher rank: made later, dropped earlier. See {@link RANK}. */
  readonly rank: number;
  /** The qualified name of the relation that takes it along when it is dropped. */
  readonly within?: string | undefined;
};

/** A thing that a migration can make and that is no relation, function or enum; or a detail of one of those. */
export type CatalogObject = Statements & {
  readonly key: string;
  readonly subject: string;
  readonly value: string;
  /** True if it belongs to the database and to no schema. */
  readonly wide?: boolean | undefined;
};

/** The order in which things can be made; a policy may call a function, and a function may be written in SQL over tables. */
export const RANK = {
  schema: 0,
  extension: 5,
  type: 10,
  sequence: 15,
  function: 20,
  table: 30,
  column: 32,
  detail: 36,
  key: 40,
  index: 45,
  check: 50,
  foreignKey: 55,
  /** A partition brings its own keys along. */
  attach: 58,
  view: 60,
  trigger: 70,
  policy: 75,
  rowSecurity: 80,
  grant: 85,
  comment: 90,
} as const;
