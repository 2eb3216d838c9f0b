import { isAlwaysTrue } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";

/** A permissive policy that lets every row through. */
export const policyAlwaysTrue: PolicyRule = {
  id: "policy-always-true",
  threats: [5, 6],
  judgesRestrictive: false,
  find: ({ trees, policy, table: { table, tenantColumn }, contained }) => {
    const notNull = [
      tenantColumn,
      ...table.columns.filter((column) => column.notNull).map(({ name }) => name),
    ];
    if (!trees.some((tree) => isAlwaysTrue(tree, notNull))) return undefined;
    return {
      level: "error",
      detail: `policy ${policy.name} lets every row through${contained ? "; only the floor contains it" : ""}`,
      fix: `Compare ${tenantColumn} with the tenant context, or delete the policy.`,
    };
  },
};
