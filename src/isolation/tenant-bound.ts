import type { Policy } from "../catalog/catalog.js";
import type { AuditContext, AuditedTable } from "./rule.js";

/** True if what a policy lets through, and what it lets be written, is only the context's own. */
export function isTenantBound(policy: Policy, table: AuditedTable, { analysis }: AuditContext): boolean {
  const { tenantColumn, tenantType } = table.declaration;
  if (tenantColumn === undefined || tenantType === undefined) return false;
  const bound = (expression: string) =>
    analysis.isTenantBound(expression, table.relation.name, tenantColumn, tenantType);
  // Without a WITH CHECK of its own, a policy checks new rows by its USING.
  const using = policy.command === "insert" || (policy.using !== null && bound(policy.using));
  const check = policy.check === null ? policy.command !== "insert" : bound(policy.check);
  return using && check;
}

/** True if a restrictive policy binds every command of the service role to the tenant: nothing can widen past it. */
export function hasFloor(table: AuditedTable, context: AuditContext): boolean {
  const { tenant } = context.expected.settings.roles;
  return table.relation.policies.some(
    (policy) =>
      !policy.permissive &&
      policy.command === "all" &&
      (policy.roles.includes(tenant) || policy.roles.includes("PUBLIC")) &&
      isTenantBound(policy, table, context),
  );
}
