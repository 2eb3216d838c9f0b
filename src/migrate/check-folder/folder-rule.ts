import type { Finding } from "../../core/finding.js";
import type { CommittedFiles } from "./committed-files.js";
import type { ScannedFolder } from "./scan-folder.js";

/** What a rule over the migrations folder may look at. */
export type FolderContext = {
  readonly folders: readonly ScannedFolder[];
  /** The path of a file of a migration, as findings are to show it. */
  readonly fileOf: (folder: string, file: "migration.sql" | "snapshot.json") => string;
  /** What git has, by folder; undefined outside of a repository. */
  readonly committed: CommittedFiles | undefined;
};

/** One rule over the folder as files, without looking at the SQL. */
export type FolderRule = {
  readonly id: string;
  readonly threats: readonly number[];
  readonly check: (context: FolderContext) => readonly Omit<Finding, "rule">[];
};
