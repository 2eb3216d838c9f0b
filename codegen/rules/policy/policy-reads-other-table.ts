import { subjectOf } from "../../code-rule.js";
import { relationsIn } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";

/** A policy that takes its decision from a table that no tenant's policy protects. */
export const policyReadsOtherTable: PolicyRule = {
  id: "policy-reads-other-table",
  threats: [13, 15],
  judgesRestrictive: false,
  find: ({ trees, policy, model, table, usingIsBound, checkIsBound, contained }) => {
    if (usingIsBound && checkIsBound) return undefined;
    const other = trees
      .flatMap(relationsIn)
      .map(({ schema, name }) =>
        model.tables.find((each) => each.name === name && each.schema === (schema ?? "public")),
      )
      .find((each) => each !== undefined && each !== table.table);
    if (other === undefined) return undefined;
    return {
      level: contained ? "warning" : "error",
      detail: `policy ${policy.name} decides by a subquery on ${subjectOf(other)}, not by ${table.tenantColumn}`,
      fix: `Compare ${table.tenantColumn} with the tenant context as well: (…) and ${table.tenantColumn} = (select …).`,
    };
  },
};
