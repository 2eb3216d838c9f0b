import type { PolicyRule } from "../../policy-rule.js";

/** Permissive policies are ORed: one that is not bound to the tenant opens the table, unless the floor contains it. */
export const policyWidens: PolicyRule = {
  id: "policy-widens",
  threats: [6, 13],
  judgesRestrictive: false,
  find: ({ policy, table: { tenantColumn }, usingIsBound, checkIsBound, contained }) => {
    if (usingIsBound && checkIsBound) return undefined;
    return {
      level: contained ? "warning" : "error",
      detail: `policy ${policy.name} is not bound to ${tenantColumn}${contained ? "; the floor contains it" : ""}`,
      fix: `Add the tenant to its condition, make it restrictive, or declare the exception: exceptions: [{ rule: "policy-widens", subject: "${policy.name}", reason: "…" }].`,
    };
  },
};
