import type { MigrationStatement } from "../statements/migration-statement.js";

/** Ours between two steps: a checkpoint is written by the migrator. RESET ALL leaves them. */
const ROLES: ReadonlySet<string> = new Set(["role", "session_authorization"]);

/** What each step begins by setting to what the run was told. */
const LIMITS: ReadonlySet<string> = new Set([
  "lock_timeout",
  "statement_timeout",
  "idle_in_transaction_session_timeout",
  "row_security",
]);

/**
 * Settings of the session that a file has made and that do not last from one step to the next (pure): they are made again at
 * each later step, so that it runs as the role, and with the limits, that the file has said.
 *
 * @param before the statements of the migration before the step.
 */
export function renewedSettings(before: readonly MigrationStatement[]): MigrationStatement[] {
  let made: MigrationStatement[] = [];
  for (const statement of before) {
    const { setting = "", outside, setsSession } = statement;
    // DISCARD ALL.
    if (outside !== undefined && setsSession) made = [];
    else if (setting === "all") made = made.filter((one) => ROLES.has(one.setting ?? ""));
    else if (isRenewed(statement)) {
      // The last of each alone: a role that was left again may be gone by now. Who becomes another takes no role along.
      const undone = setting === "session_authorization" ? ROLES : new Set([setting]);
      made = [...made.filter((one) => !undone.has(one.setting ?? "")), statement];
    }
  }
  return made;
}

/** True for a setting that is made again at each step: it must not be in force between them. */
export function isRenewed({ setting = "" }: Pick<MigrationStatement, "setting">): boolean {
  return ROLES.has(setting) || LIMITS.has(setting);
}
