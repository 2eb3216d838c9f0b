import type { OutsideStatement } from "./outside-statement.js";

/** One statement of a migration, and what it asks of a transaction. */
export type MigrationStatement = {
  readonly text: string;
  /** 1-based, in the migration's file. */
  readonly line: number;
  /**
   * `inside`: runs in a transaction. `alone`: cannot. `begin`, `commit`: the file's own transaction control, which becomes
   * the border of a step.
   */
  readonly role: "inside" | "alone" | "begin" | "commit";
  /** How to tell whether one that runs alone had its effect. */
  readonly outside?: OutsideStatement;
  /** A setting of the session: what comes after it may need it, also in a run that resumes behind it. */
  readonly setsSession: boolean;
  /** Which setting of the session that is, as PostgreSQL calls it; `all` for RESET ALL. */
  readonly setting?: string;
  /** What BEGIN asked for, such as `isolation level serializable`. */
  readonly modes?: string;
  /** The enum value that it adds: nothing may use it before COMMIT. */
  readonly addsValue?: string;
  /** May end the transaction in which it runs, from inside a procedure. */
  readonly mayCommit: boolean;
};
