import { constantText, disjunctions, equalities, readsSetting } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";
import type { Tree } from "../../sql-parser.js";
import { dig, findNodes } from "../../sql-parser.js";

/** A policy that opens where there is no context: no context must mean no rows. */
export const policyContextOpen: PolicyRule = {
  id: "policy-context-open",
  threats: [7, 21],
  judgesRestrictive: false,
  find: ({ trees, policy, settings, usingIsBound, checkIsBound }) => {
    if (usingIsBound && checkIsBound) return undefined;
    const open = trees.some(
      (tree) =>
        disjunctions(tree).some((parts) => parts.some((part) => asksForNoContext(part, settings.setting))) ||
        asksForNoContext(tree, settings.setting) ||
        replacesContext(tree, settings.setting),
    );
    if (!open) return undefined;
    return {
      level: "error",
      detail: `policy ${policy.name} lets rows through when ${settings.setting} is not set`,
      fix: "Take that branch out: without a context a query must see nothing.",
    };
  },
};

function asksForNoContext(tree: Tree, setting: string): boolean {
  const isNull =
    dig(tree, "NullTest", "nulltesttype") === "IS_NULL" &&
    readsSetting(dig(tree, "NullTest", "arg"), setting);
  const [left, right] = equalities(tree)[0] ?? [];
  const isEmpty =
    dig(tree, "A_Expr") !== undefined &&
    ((constantText(left) === "" && readsSetting(right, setting)) ||
      (constantText(right) === "" && readsSetting(left, setting)));
  return isNull || isEmpty;
}

/** `coalesce(context, creator_id) = creator_id`. */
function replacesContext(tree: Tree, setting: string): boolean {
  return findNodes(tree, "CoalesceExpr").some(
    (call) => readsSetting(call, setting) && findNodes(call, "ColumnRef").length > 0,
  );
}
