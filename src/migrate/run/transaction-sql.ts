import { quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Piece } from "./send-pieces.js";
import type { Timeouts } from "./timeouts.js";
import { setTimeouts } from "./timeouts.js";

/**
 * The query that settles row security for a transaction.
 *
 * FORCE binds the owner: an owner that no policy lets through would update nothing, silently. With row_security off
 * PostgreSQL fails loudly instead. A member of the admin role has a policy, and needs it on; but not one whom a restrictive
 * policy confines, such as the floor a member of both roles: it would again see nothing.
 */
function rowSecuritySql(adminRole: string): string {
  const role = quoteLiteral(adminRole);
  return `select pg_catalog.set_config('row_security', case when
      exists (select from pg_catalog.pg_roles where rolname = ${role} and pg_catalog.pg_has_role(current_user, oid, 'usage'))
      and not exists (select from pg_catalog.pg_policy, pg_catalog.unnest(polroles) as bound
                      where not polpermissive and (bound = 0 or pg_catalog.pg_has_role(current_user, bound, 'usage')))
      then 'on' else 'off' end, true)`;
}

/** The same, prepared: planning it takes four times as long as running it. */
const PREPARED_ROW_SECURITY = "execute tenantry_row_security";

/** What gives up prepared statements. */
const FORGETS = /\b(discard|deallocate)\b/i;

/** Prepares the query for a run, unless one of its migrations could take it away; gives what to send instead of it. */
export async function prepareRowSecurity(
  session: Session,
  adminRole: string,
  migrations: readonly { readonly sql: string }[],
): Promise<string> {
  const sql = rowSecuritySql(adminRole);
  if (migrations.some((migration) => FORGETS.test(migration.sql))) return sql;
  await session.unsafe(`prepare tenantry_row_security as ${sql}`);
  return PREPARED_ROW_SECURITY;
}

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

/** Statements after which somebody may be in other roles than before. */
const MAY_CHANGE_ROLES = /\b(?:grant|revoke|role|reassign)\b/i;
/** Of which there are many, and which let nobody into a role. */
const IS_GRANT_ON_OBJECT = /^\s*(?:grant|revoke)\b[^;]*\bon\b[^;]*;?\s*$/i;
/** Who sets it has a reason. */
const SETS_ROW_SECURITY = /\brow_security\b/i;

/**
 * A transaction's statements, with row security settled again behind each that may have let the migrator into the admin
 * role, or taken it out: a first migration makes that role, and later statements of the same file check rows behind FORCE.
 */
export function settlingAgain(pieces: readonly Piece[], rowSecurity: string): Piece[] {
  if (pieces.some(({ text }) => SETS_ROW_SECURITY.test(text))) return [...pieces];
  return pieces.flatMap((piece) =>
    MAY_CHANGE_ROLES.test(piece.text) && !IS_GRANT_ON_OBJECT.test(piece.text)
      ? [piece, { text: rowSecurity }]
      : [piece],
  );
}

/** What an earlier migration has set for the session (a search path, as dumps do) is not for the next. */
export function resetSql(sessionSettings: string): string {
  return `reset session authorization; reset role; reset all${sessionSettings === "" ? "" : `; ${sessionSettings}`}`;
}

/** Between a migration's last statement and our own: who we are, and no limit that was meant for its statements. */
export const AFTER_STATEMENTS = "reset session authorization; reset role; set local statement_timeout = 0";
