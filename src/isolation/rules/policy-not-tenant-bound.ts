import { type CatalogRule, restored } from "../rule.js";
import { hasFloor } from "../tenant-bound.js";

/** The floor is what no later policy can widen: a restrictive policy for every command, bound to the tenant. */
export const policyNotTenantBound: CatalogRule = {
  id: "policy-not-tenant-bound",
  threats: [5, 7, 8, 10, 12, 13, 14, 24, 28],
  check: (context, tables) =>
    tables
      .filter((table) => table.declaration.kind !== "global" && !hasFloor(table, context))
      .map((table) => ({
        level: "error",
        subject: table.subject,
        detail: `no restrictive policy binds every command of ${context.expected.settings.roles.tenant} to ${table.declaration.tenantColumn}`,
        fix: restored(),
      })),
};
