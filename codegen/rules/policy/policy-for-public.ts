import type { PolicyRule } from "../../policy-rule.js";

/** A policy without `to` is for PUBLIC: every login of the server, those of no service included. */
export const policyForPublic: PolicyRule = {
  id: "policy-for-public",
  threats: [10],
  judgesRestrictive: false,
  find: ({ policy, settings }) =>
    policy.roles.includes("public")
      ? {
          level: "warning",
          detail: `policy ${policy.name} is for PUBLIC, every login there is`,
          fix: `Write to: pgRole("${settings.roles.tenant}").existing().`,
        }
      : undefined,
};
