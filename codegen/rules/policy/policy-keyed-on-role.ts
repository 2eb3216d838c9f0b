import type { PolicyRule } from "../../policy-rule.js";
import { dig, findNodes } from "../../sql-parser.js";

const ROLE_FUNCTIONS: ReadonlySet<unknown> = new Set([
  "SVFOP_CURRENT_USER",
  "SVFOP_CURRENT_ROLE",
  "SVFOP_SESSION_USER",
  "SVFOP_USER",
]);

/** A policy that asks who is logged in: behind a pool every tenant has the same login. */
export const policyKeyedOnRole: PolicyRule = {
  id: "policy-keyed-on-role",
  threats: [12],
  judgesRestrictive: false,
  find: ({ trees, policy, settings, usingIsBound, checkIsBound }) => {
    if (usingIsBound && checkIsBound) return undefined;
    const asked = trees
      .flatMap((tree) => findNodes(tree, "SQLValueFunction"))
      .some((call) => ROLE_FUNCTIONS.has(dig(call, "op")));
    if (!asked) return undefined;
    return {
      level: "error",
      detail: `policy ${policy.name} goes by the login, which all tenants of a service share`,
      fix: `Go by the tenant context, ${settings.setting}.`,
    };
  },
};
