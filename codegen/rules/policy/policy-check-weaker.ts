import type { PolicyRule } from "../../policy-rule.js";

/** A policy that shows only the tenant's rows, and lets rows of other tenants be written. */
export const policyCheckWeaker: PolicyRule = {
  id: "policy-check-weaker",
  threats: [8, 72, 73],
  judgesRestrictive: false,
  find: ({ policy, table: { tenantColumn }, usingIsBound, checkIsBound, contained }) => {
    if (!usingIsBound || checkIsBound || policy.using === undefined) return undefined;
    return {
      level: "error",
      detail: `policy ${policy.name} binds what is read to ${tenantColumn}, but not what is written${contained ? "; only the floor contains it" : ""}`,
      fix: "Leave WITH CHECK out, so that USING checks new rows as well, or write the same condition into it.",
    };
  },
};
