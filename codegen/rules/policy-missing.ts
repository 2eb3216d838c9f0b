import type { TenancySettings } from "../../src/core/tenancy-settings.js";
import type { CodeRule } from "../code-rule.js";
import { at, subjectOf, tenantTables } from "../code-rule.js";
import { appliesToService } from "../judge-policies.js";
import type { TableModel } from "../schema-model.js";

/** A declared table whose policies never reached Drizzle, or none of which lets a service in. */
export const policyMissing: CodeRule = {
  id: "policy-missing",
  threats: [1, 3, 4, 10],
  check: (context) =>
    tenantTables(context.model)
      .filter(
        ({ table }) =>
          !table.policies.some((policy) => policy.permissive && appliesToService(context, policy)),
      )
      .map(({ table }) => ({
        level: "error",
        subject: subjectOf(table),
        ...at(table.declaredAt ?? table.place),
        ...explain(table, context.settings.roles),
      })),
};

/** The helpers that `tenantry` exports know nothing of a project's own settings. */
function explain({ policies }: TableModel, { tenant, admin }: TenancySettings["roles"]) {
  const others = new Set(policies.flatMap(({ roles }) => roles).filter((role) => role !== admin));
  if (others.size === 0) {
    return {
      detail: `no permissive policy of it is for ${tenant}`,
      fix: "Return what withTenantRls(t) returns from the table's extra configuration.",
    };
  }
  return {
    detail: `its policies are for ${[...others].join(", ")}, and no permissive one is for ${tenant}`,
    fix: "Call the withTenantRls() of what defineTenancy() returns with the project's settings, and not the one that is imported from tenantry.",
  };
}
