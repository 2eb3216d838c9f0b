import { TenantryError } from "../../core/errors.js";
import { quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import { listStatements } from "../statements/list-statements.js";
import type { Piece } from "./send-pieces.js";
import { splitPieces } from "./send-pieces.js";

/**
 * The query that settles row security, for a transaction or for a session.
 *
 * FORCE binds the owner: an owner that no policy lets through would update nothing, silently. With row_security off
 * PostgreSQL fails loudly instead. A member of the admin role has a policy, and needs it on; but not one whom a restrictive
 * policy confines, such as the floor a member of both roles, nor where a table of its own has FORCE and no policy for it
 * (yet): it would again see nothing.
 */
export function rowSecuritySql(adminRole: string, scope: "transaction" | "session" = "transaction"): string {
  const role = quoteLiteral(adminRole);
  const mine = (column: string) =>
    `(${column} = 0 or pg_catalog.pg_has_role(current_user, ${column}, 'usage'))`;
  return `select pg_catalog.set_config('row_security', case when
      exists (select from pg_catalog.pg_roles where rolname = ${role} and pg_catalog.pg_has_role(current_user, oid, 'usage'))
      and not exists (select from pg_catalog.pg_policy, pg_catalog.unnest(polroles) as bound
                      where not polpermissive and ${mine("bound")})
      and not exists (select from pg_catalog.pg_class c
                      where c.relrowsecurity and c.relforcerowsecurity and pg_catalog.pg_get_userbyid(c.relowner) = current_user
                        and not exists (select from pg_catalog.pg_policy p, pg_catalog.unnest(p.polroles) as let
                                        where p.polrelid = c.oid and p.polpermissive and ${mine("let")}))
      then 'on' else 'off' end, ${scope === "transaction"})`;
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

/** Who sets it has a reason. */
const SETS_ROW_SECURITY = /\brow_security\b/i;

/** True if the migration decides itself whether row security is on. */
export function settlesRowSecurity({ sql }: Pick<Migration, "sql">): boolean {
  return SETS_ROW_SECURITY.test(sql);
}

/** Statements after which somebody may be in other roles than before. */
const CHANGES_ROLES = /\b(?:grant|revoke|roles?|group|user|authorization|reassign)\b/i;
/** Of which there are many, and which let nobody into a role. */
const IS_GRANT_ON_OBJECT = /^\s*(?:grant|revoke)\b[^;]*\bon\b[^;]*$/i;
/** Statements after which somebody may be bound by other policies. */
const CHANGES_POLICIES = /\b(?:create|alter|drop)\s+policy\b/i;

const COMMENTS = /--[^\n]*|\/\*[\s\S]*?\*\//g;
const QUOTED = /\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'/g;

/**
 * A migration's pieces, with row security settled again behind each statement that may have let the migrator into the admin
 * role, taken it out, or changed what policies bind it: a first migration makes that role, and later statements of the same
 * file check rows behind FORCE.
 */
export async function settlingPieces(migration: Migration, rowSecurity: string): Promise<Piece[]> {
  const pieces = splitPieces(migration.sql);
  if (settlesRowSecurity(migration)) return pieces;
  // Behind each statement, and not behind several: the next one may already need it.
  const isApart = pieces.every(({ text }) => !mayChange(text) || isOneStatement(text));
  return settlingAgain(isApart ? pieces : await splitStatements(migration, pieces), rowSecurity);
}

/** The same for statements that stand by themselves. */
export function settlingAgain(statements: readonly Piece[], rowSecurity: string): Piece[] {
  return statements.flatMap((piece) => (mayChange(piece.text) ? [piece, { text: rowSecurity }] : [piece]));
}

/** What the parser does not take apart, PostgreSQL may still run. */
async function splitStatements(migration: Migration, pieces: readonly Piece[]): Promise<readonly Piece[]> {
  try {
    return (await listStatements(migration)).map(({ text, line }) => ({ text, line }));
  } catch (thrown) {
    if (thrown instanceof TenantryError) return pieces;
    throw thrown;
  }
}

function mayChange(text: string): boolean {
  const bare = text.replaceAll(COMMENTS, " ").replace(/;\s*$/, "");
  if (CHANGES_POLICIES.test(bare)) return true;
  return CHANGES_ROLES.test(bare) && !IS_GRANT_ON_OBJECT.test(bare);
}

function isOneStatement(text: string): boolean {
  return !text.replaceAll(QUOTED, "''").replaceAll(COMMENTS, " ").replace(/;\s*$/, "").includes(";");
}
