import { rowSecuritySql } from "./row-security.js";
import type { Timeouts } from "./timeouts.js";
import { setTimeouts } from "./timeouts.js";

/** What opens a migration's transaction: its limits, and row security. */
export function beginSql(request: {
  readonly adminRole: string;
  /** What settles row security, if it was prepared. */
  readonly rowSecurity?: string;
  readonly timeouts: Timeouts;
  readonly modes?: string | undefined;
  /** False if the run has a later COMMIT that waits for the disk. */
  readonly isDurable: boolean;
}): string {
  const { adminRole, timeouts, modes, isDurable, rowSecurity = rowSecuritySql(adminRole) } = request;
  const parts = [
    `begin${modes === undefined ? "" : ` ${modes}`}`,
    setTimeouts("set local", timeouts),
    ...(isDurable ? [] : ["set local synchronous_commit = off"]),
    rowSecurity,
  ];
  return parts.join("; ");
}

/** What an earlier migration has set for the session (a search path, as dumps do) is not for the next. */
export function resetSql(sessionSettings: string): string {
  return `reset session authorization; reset role; reset all${sessionSettings === "" ? "" : `; ${sessionSettings}`}`;
}

/** Between a migration's last statement and our own: who we are, and no limit that was meant for its statements. */
export const AFTER_STATEMENTS = "reset session authorization; reset role; set local statement_timeout = 0";
