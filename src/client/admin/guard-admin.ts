import { TenantryError } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { TenancySettings } from "../../core/tenancy-settings.js";
import type { Session } from "../../postgres/connect.js";

type AdminFacts = {
  readonly login: string;
  /** Roles without row security that the login is or may become. */
  readonly bypassing: readonly string[];
  /** Owners of tables with row security that the login is or may become. */
  readonly owners: readonly string[];
  readonly inAdminRole: boolean;
  readonly inTenantRole: boolean;
};

/**
 * Refuses a login for `db.asAdmin()` that is more than a member of the admin role, whose policies let it see every row
 * and whose grants leave the audit log alone: an owner could switch that off. One that is in the tenant role is refused,
 * too: the floor would hide the rows from it. One round trip.
 *
 * @throws TenantryError `role-insufficient`
 */
export async function guardAdmin(session: Session, roles: TenancySettings["roles"]): Promise<void> {
  const facts = await readFacts(session, roles);
  const problem = findProblem(facts, roles);
  if (problem === undefined) return;
  throw new TenantryError({
    code: "role-insufficient",
    message: problem,
    hint: `Give connect() an adminUrl of a login for this alone: create role NAME login password '…' in role ${quoteIdentifier(roles.admin)}.`,
  });
}

function findProblem(facts: AdminFacts, roles: TenancySettings["roles"]): string | undefined {
  const { login, bypassing, owners, inAdminRole, inTenantRole } = facts;
  if (bypassing.length > 0)
    return `The admin login ${login} is, or may become, ${bypassing.join(", ")}, for which no row security holds.`;
  if (owners.length > 0)
    return `The admin login ${login} is, or may become, ${owners.join(", ")}, who owns tables and may change the log.`;
  if (!inAdminRole)
    return `The admin login ${login} is not a member of ${roles.admin} that inherits its rights.`;
  if (inTenantRole)
    return `The admin login ${login} is also in ${roles.tenant}, whose floor confines it to one tenant.`;
  return undefined;
}

async function readFacts(session: Session, roles: TenancySettings["roles"]): Promise<AdminFacts> {
  const [row] = await session<AdminFacts[]>`
    select session_user::text as login,
           array(select rolname::text from pg_catalog.pg_roles
                 where (rolsuper or rolbypassrls) and pg_catalog.pg_has_role(session_user, oid, 'member') order by 1) as bypassing,
           array(select distinct pg_catalog.pg_get_userbyid(relowner)::text from pg_catalog.pg_class
                 where relrowsecurity and pg_catalog.pg_has_role(session_user, relowner, 'member') order by 1) as owners,
           exists (select from pg_catalog.pg_roles
                   where rolname = ${roles.admin} and pg_catalog.pg_has_role(session_user, oid, 'usage')) as "inAdminRole",
           exists (select from pg_catalog.pg_roles
                   where rolname = ${roles.tenant} and pg_catalog.pg_has_role(session_user, oid, 'member')) as "inTenantRole"`;
  if (row === undefined) throw new Error("a select without FROM returned no row");
  return row;
}
