import { type CatalogRule, REPAIR } from "../rule.js";

/** Policies of a table whose row security is off do nothing. */
export const rlsNotEnabled: CatalogRule = {
  id: "rls-not-enabled",
  threats: [1, 2],
  check: (_, tables) =>
    tables
      .filter(({ relation }) => !relation.rowSecurity)
      .map(({ subject, relation }) => ({
        level: "error",
        subject,
        detail: `row security is off, so its ${relation.policies.length} policies do nothing`,
        fix: REPAIR,
      })),
};
