import { bare, constantText, equalities, isColumn, isConstant } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";
import type { Tree } from "../../sql-parser.js";
import { dig, digList, findNodes } from "../../sql-parser.js";

/** A tenant's id written into a policy. */
export const policyHardCodedTenant: PolicyRule = {
  id: "policy-hard-coded-tenant",
  threats: [14],
  judgesRestrictive: false,
  find: ({ trees, policy, table: { tenantColumn }, usingIsBound, checkIsBound }) => {
    if (usingIsBound && checkIsBound) return undefined;
    const isTenant = (tree: Tree) => isColumn(bare(tree), tenantColumn);
    const isId = (tree: Tree) => isConstant(tree) && constantText(tree) !== "";
    const compared = trees
      .flatMap(equalities)
      .some(([left, right]) => (isTenant(left) && isId(right)) || (isTenant(right) && isId(left)));
    const listed = trees
      .flatMap((tree) => findNodes(tree, "A_Expr"))
      .filter((node) => dig(node, "kind") === "AEXPR_IN" && isTenant(dig(node, "lexpr")))
      .some((node) => digList(node, "rexpr", "List", "items").some(isId));
    if (!compared && !listed) return undefined;
    return {
      level: "error",
      detail: `policy ${policy.name} has a value of ${tenantColumn} written into it`,
      fix: "Compare with the tenant context. What belongs to every tenant belongs in a table declared with globalTable(t, { reason }).",
    };
  },
};
