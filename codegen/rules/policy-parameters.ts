import type { CodeRule } from "../code-rule.js";
import { at, subjectOf } from "../code-rule.js";

/** A policy with parameters: drizzle-kit writes each as a literal `$1`, which PostgreSQL refuses. */
export const policyParameters: CodeRule = {
  id: "policy-parameters",
  threats: [13, 14],
  check: ({ model }) =>
    model.tables.flatMap((table) =>
      table.policies
        .filter(({ parameters }) => parameters > 0)
        .map((policy) => ({
          level: "error" as const,
          subject: subjectOf(table),
          ...at(policy.place),
          detail: `policy ${policy.name} has ${policy.parameters === 1 ? "a parameter" : "parameters"}, which drizzle-kit writes as a literal $1`,
          fix: "Write the value with sql.raw(…), or use withTenantRls(t).",
        })),
    ),
};
