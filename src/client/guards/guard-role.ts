import { TenantryError } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";

type RoleFacts = {
  readonly login: string;
  readonly superuser: boolean;
  /** Roles without row security that the login may become, itself included; never null. */
  readonly bypassing: readonly string[];
  readonly tenantRoleExists: boolean;
  /** True if the tenant role's policies and grants hold for the login by themselves. */
  readonly inTenantRole: boolean;
};

/**
 * Refuses a login that row security does not bind, or that is not in the tenant role: one round trip.
 *
 * @throws TenantryError `role-insufficient`
 */
export async function guardRole(session: Session, tenantRole: string): Promise<void> {
  const facts = await readRoleFacts(session, tenantRole);
  const problem = findProblem(facts, tenantRole);
  if (problem === undefined) return;
  throw new TenantryError({
    code: "role-insufficient",
    message: problem,
    hint: facts.tenantRoleExists
      ? `Connect as a login of its own for services: create role NAME login password '…' in role ${quoteIdentifier(tenantRole)}. In development "tenantry init" makes one; its URL is in .tenantry/service.env.`
      : 'Run "tenantry init" on this database first.',
  });
}

function findProblem(facts: RoleFacts, tenantRole: string): string | undefined {
  const { login, superuser, bypassing, tenantRoleExists, inTenantRole } = facts;
  if (superuser) return `The login ${login} is a superuser: no row security holds for it.`;
  if (bypassing.includes(login)) return `The login ${login} has BYPASSRLS: no row security holds for it.`;
  if (bypassing.length > 0)
    return `The login ${login} may become ${bypassing.join(", ")}, for which no row security holds.`;
  if (!tenantRoleExists) return `There is no role ${tenantRole} on this server: nothing has been migrated.`;
  if (!inTenantRole) return `The login ${login} is not a member of ${tenantRole} that inherits its rights.`;
  return undefined;
}

async function readRoleFacts(session: Session, tenantRole: string): Promise<RoleFacts> {
  const [row] = await session<RoleFacts[]>`
    select session_user::text as login,
           coalesce((select bool_or(rolsuper) from pg_roles where rolname in (session_user, current_user)), false) as superuser,
           array(
             select rolname::text from pg_roles
             where (rolsuper or rolbypassrls)
               and (pg_has_role(session_user, oid, 'member') or pg_has_role(current_user, oid, 'member'))
             order by 1
           ) as bypassing,
           exists (select from pg_roles where rolname = ${tenantRole}) as "tenantRoleExists",
           exists (
             select from pg_roles where rolname = ${tenantRole} and pg_has_role(current_user, oid, 'usage')
           ) as "inTenantRole"`;
  if (row === undefined) throw new Error("a select without FROM returned no row");
  return row;
}
