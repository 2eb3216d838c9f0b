import { relationsIn } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";

/** A policy that reads its own table asks itself, without end: PostgreSQL refuses every query (42P17). */
export const policyRecursive: PolicyRule = {
  id: "policy-recursive",
  threats: [16],
  judgesRestrictive: true,
  find: ({ trees, table: { table }, policy }) => {
    const own = trees
      .flatMap(relationsIn)
      .some(({ schema, name }) => name === table.name && (schema ?? table.schema) === table.schema);
    if (!own) return undefined;
    return {
      level: "error",
      detail: `policy ${policy.name} reads ${table.name} itself: every query fails with "infinite recursion detected"`,
      fix: "Compare the row's own columns with the tenant context instead.",
    };
  },
};
