import type { Directives } from "./directives.js";

/** SQL that lies beside a migration. */
export type SiblingSql = { readonly file: string; readonly sql: string };

/** One migration as it stands on disk. */
export type Migration = {
  /** The folder's name, `<UTC>_<name>`: the key in the ledger. In the old layout the journal's tag, `NNNN_<name>`. */
  readonly name: string;
  readonly file: string;
  /** The time in the name, or in the journal, in milliseconds since 1970, as drizzle-orm writes it into the ledger. */
  readonly createdAt: number;
  /** The whole of `migration.sql`, without a byte order mark. */
  readonly sql: string;
  /** SHA-256 of the file's text in hexadecimal, as drizzle-orm computes it: byte order mark and line ends included. */
  readonly hash: string;
  /** `v1` has a folder for each migration, `journal` is the layout of drizzle-kit 0.x. */
  readonly layout: "v1" | "journal";
  /** What the comments at the top of the file say about how to run it. */
  readonly directives: Directives;
  /** Its place in the journal, which says there what runs first. */
  readonly index?: number;
  /** Names of the migrations that it follows, if `readParents` was asked and its snapshot says so. */
  readonly parents?: readonly string[];
  /** `verify.sql`: every row that it returns is a violation. */
  readonly verifySql?: SiblingSql;
  /** `down.sql`: the way back, written by hand. */
  readonly downSql?: SiblingSql;
};
