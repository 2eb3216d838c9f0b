import type { CodeRule } from "../code-rule.js";
import { at, subjectOf, tenantTables } from "../code-rule.js";
import { hasFloor } from "../judge-policies.js";

/** The floor is what no later policy can widen: a restrictive policy for every command, bound to the tenant. */
export const policyNotTenantBound: CodeRule = {
  id: "policy-not-tenant-bound",
  threats: [6, 13],
  check: (context) =>
    tenantTables(context.model)
      .filter((table) => table.table.policies.length > 0 && !hasFloor(context, table))
      .map(({ table, tenantColumn }) => ({
        level: "error",
        subject: subjectOf(table),
        ...at(table.declaredAt ?? table.place),
        detail: `no restrictive policy binds every command of ${context.settings.roles.tenant} to ${tenantColumn}`,
        fix: "Return all that withTenantRls(t) returns from the table's extra configuration.",
      })),
};
