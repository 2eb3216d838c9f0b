import { TenantryError } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { ConnectionFacts } from "./connection-facts.js";

/**
 * Refuses a login that row security does not bind, that owns what it is to be kept out of, or that is not in the tenant
 * role.
 *
 * @throws TenantryError `role-insufficient`
 */
export function guardRole(facts: ConnectionFacts, tenantRole: string): void {
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

function findProblem(facts: ConnectionFacts, tenantRole: string): string | undefined {
  const { login, superuser, bypassing, owned, tenantRoleExists, inTenantRole } = facts;
  if (superuser) return `The login ${login} is a superuser: no row security holds for it.`;
  if (bypassing.includes(login)) return `The login ${login} has BYPASSRLS: no row security holds for it.`;
  if (bypassing.length > 0)
    return `The login ${login} may become ${bypassing.join(", ")}, for which no row security holds.`;
  const [table] = owned;
  if (table !== undefined) {
    const how = table.owner === login ? "owns" : `may become ${table.owner}, which owns`;
    return `The login ${login} ${how} ${table.table}: an owner may switch row security off.`;
  }
  if (!tenantRoleExists) return `There is no role ${tenantRole} on this server: nothing has been migrated.`;
  if (!inTenantRole) return `The login ${login} is not a member of ${tenantRole} that inherits its rights.`;
  return undefined;
}
