import { appliesToService } from "../applies-to-service.js";
import { undeclaredTables } from "../policed-tables.js";
import type { CatalogRule } from "../rule.js";

/** A volatile function is called for every row of every tenant, before and after the row is judged, and may act. */
export const policyVolatile: CatalogRule = {
  id: "policy-volatile",
  threats: [17],
  check: (context, tables) =>
    [...tables, ...undeclaredTables(context, tables)].flatMap(({ subject, relation }) =>
      context.catalog.around.policyUses
        .filter((use) => use.schema === relation.schema && use.name === relation.name)
        .filter((use) => use.volatileFunctions.length > 0)
        .filter((use) =>
          relation.policies.some(
            (policy) => policy.name === use.policy && appliesToService(policy, context.expected.settings),
          ),
        )
        .map((use) => ({
          level: "warning",
          subject,
          about: use.policy,
          detail: `policy ${use.policy} calls ${use.volatileFunctions.join(", ")}, which is VOLATILE: it runs for every row, and may see or do what it likes`,
          fix: "Mark the function STABLE if it is, or take it out of the policy.",
        })),
    ),
};
