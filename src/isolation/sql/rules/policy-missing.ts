import { REPAIR } from "../../rule.js";
import type { ParsedStatement } from "../parse-migration.js";
import { countsForService } from "../policy-bound.js";
import type { DeclaredTable, SqlContext, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A policy that the schema demands was dropped, or never created. */
export const policyMissing: SqlRule = {
  id: "policy-missing",
  threats: [3, 4, 10, 79],
  check: (context) =>
    [...context.declared.values()].flatMap((table) => {
      const missing = table.expected.policies.filter(({ name }) => !table.final.policies.has(name));
      const at = placeOfLoss(table, missing[0]?.name, context);
      if (at === undefined) return [];
      const names = missing.map(({ name }) => name);
      return [
        {
          level: "error",
          subject: table.subject,
          ...placeOf(at),
          detail:
            names.length === 0
              ? `no permissive policy applies to ${context.expected.settings.roles.tenant}: services see no rows`
              : `the migrations leave it without ${names.length === 1 ? "policy" : "policies"} ${names.join(", ")}`,
          fix: REPAIR,
        },
      ];
    }),
};

/** Where to point: at the DROP, else at what switched row security on, else at the table. */
function placeOfLoss(
  { final }: DeclaredTable,
  missing: string | undefined,
  context: SqlContext,
): ParsedStatement | undefined {
  if (missing !== undefined) {
    const dropped = final.droppedPolicies.get(missing);
    if (dropped !== undefined) return dropped;
  }
  // While row security is off that is what is wrong; of a table that the folder does not create nothing is known.
  if (!final.rowSecurity || final.createdAt === undefined) return undefined;
  const open = [...final.policies.values()].some(
    (policy) => policy.permissive && countsForService(policy, context),
  );
  return missing === undefined && open ? undefined : (final.rowSecurityAt ?? final.createdAt);
}
