import { appliesToService } from "../applies-to-service.js";
import { type CatalogRule, restored } from "../rule.js";

/** Row security without a permissive policy lets nothing through: an outage, not a leak. */
export const policyMissing: CatalogRule = {
  id: "policy-missing",
  threats: [3, 4, 10, 11],
  check: ({ expected }, tables) =>
    tables
      .filter(
        ({ relation }) =>
          !relation.policies.some(
            (policy) => policy.permissive && appliesToService(policy, expected.settings),
          ),
      )
      .map(({ subject }) => ({
        level: "error",
        subject,
        detail: `no permissive policy applies to ${expected.settings.roles.tenant}: services see no rows and write none`,
        fix: restored(),
      })),
};
