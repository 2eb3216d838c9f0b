import { qualify } from "../../core/identifiers.js";
import { type CatalogRule, restored } from "../rule.js";

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
        fix: restored(
          `alter table ${qualify(relation.schema, relation.name)} enable row level security, force row level security`,
        ),
      })),
};
