import { appliesToService } from "../applies-to-service.js";
import { undeclaredTables } from "../policed-tables.js";
import type { CatalogRule } from "../rule.js";

/** A policy that reads its own table asks itself, without end: PostgreSQL refuses every query (42P17). */
export const policyRecursive: CatalogRule = {
  id: "policy-recursive",
  threats: [16],
  check: (context, tables) =>
    [...tables, ...undeclaredTables(context, tables)].flatMap(({ subject, relation }) =>
      context.catalog.around.policyUses
        .filter((use) => use.schema === relation.schema && use.name === relation.name)
        .filter((use) =>
          use.reads.some(({ schema, name }) => schema === relation.schema && name === relation.name),
        )
        .filter((use) =>
          relation.policies.some(
            (policy) => policy.name === use.policy && appliesToService(policy, context.expected.settings),
          ),
        )
        .map((use) => ({
          level: "error",
          subject,
          about: use.policy,
          detail: `policy ${use.policy} reads ${subject} itself: every query fails with "infinite recursion detected"`,
          fix: "Compare the row's own columns with the tenant context instead.",
        })),
    ),
};
