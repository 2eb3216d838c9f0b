import type { CodeRule } from "../code-rule.js";
import { at, subjectOf, tenantTables } from "../code-rule.js";
import { appliesToService } from "../judge-policies.js";

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
        detail: `no permissive policy of it is for ${context.settings.roles.tenant}`,
        fix: "Return what withTenantRls(t) returns from the table's extra configuration.",
      })),
};
