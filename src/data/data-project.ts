import type { Migration } from "../migrate/folder/migration.js";
import type { LedgerPlace } from "../migrate/ledger/ledger.js";
import type { ConnectOptions } from "../postgres/connect.js";

/** What backups need to know of a project. */
export type DataProject = {
  /** The migrations folder's path. */
  readonly out: string;
  /** Its migrations, in the order in which they are applied. */
  readonly folder: readonly Migration[];
  readonly ledger: LedgerPlace;
};

/** A server on which throw-away databases may be made. */
export type ShadowServer = { readonly server: URL; readonly connect: ConnectOptions };
