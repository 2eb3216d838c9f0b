import { qualify } from "../../core/identifiers.js";
import { type CatalogRule, restored } from "../rule.js";

/** Without FORCE the table's owner, and any login that is a member of it, sees every row. */
export const rlsNotForced: CatalogRule = {
  id: "rls-not-forced",
  threats: [20],
  check: (_, tables) =>
    tables
      .filter(({ relation }) => relation.rowSecurity && !relation.forced)
      .map(({ subject, relation }) => ({
        level: "error",
        subject,
        detail: `row security does not bind its owner ${relation.owner}`,
        fix: restored(`alter table ${qualify(relation.schema, relation.name)} force row level security`),
      })),
};
