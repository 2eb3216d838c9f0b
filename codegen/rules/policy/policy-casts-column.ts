import { isColumn } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";
import { dig, findNodes } from "../../sql-parser.js";

/** A policy that casts the tenant column: no index serves it, and every row of every tenant is read. */
export const policyCastsColumn: PolicyRule = {
  id: "policy-casts-column",
  threats: [19],
  judgesRestrictive: true,
  find: ({ trees, policy, table: { tenantColumn, tenantType }, usingIsBound, checkIsBound }) => {
    if (usingIsBound && checkIsBound) return undefined;
    const casts = trees
      .flatMap((tree) => findNodes(tree, "TypeCast"))
      .some((cast) => isColumn(dig(cast, "arg"), tenantColumn));
    if (!casts) return undefined;
    return {
      level: "warning",
      detail: `policy ${policy.name} casts ${tenantColumn}, so that no index can serve it`,
      fix: `Cast the setting to ${tenantType} instead of the column.`,
    };
  },
};
