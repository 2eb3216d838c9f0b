import { policedTables } from "../policed-tables.js";
import type { CatalogRule } from "../rule.js";
import { hasFloor, isTenantBound } from "../tenant-bound.js";

/** Permissive policies are ORed: one that is not bound to the tenant opens the table, unless the floor contains it. */
export const policyWidens: CatalogRule = {
  id: "policy-widens",
  threats: [5, 6, 7, 8, 13, 28],
  check: (context, tables) =>
    policedTables(context, tables).flatMap((table) =>
      table.relation.policies
        .filter((policy) => policy.permissive && policy.roles.some(context.reach.isHolder))
        .filter((policy) => !isTenantBound(policy, table, context))
        .map((policy) => ({
          level: hasFloor(table, context) ? ("warning" as const) : ("error" as const),
          subject: table.subject,
          about: policy.name,
          detail: `policy ${policy.name} is not bound to the tenant${hasFloor(table, context) ? "; the floor contains it" : ""}`,
          fix: `Drop policy ${policy.name} in a migration, or add the tenant to its condition.`,
        })),
    ),
};
