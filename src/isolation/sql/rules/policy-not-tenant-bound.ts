import { REPAIR } from "../../rule.js";
import { findLapses, untilLater } from "../find-lapses.js";
import type { ParsedStatement } from "../parse-migration.js";
import { hasFloor } from "../policy-bound.js";
import type { TableState } from "../schema-state.js";
import type { DeclaredTable, SqlContext, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** The floor is what no later policy can widen: a restrictive policy for every command, bound to the tenant. */
export const policyNotTenantBound: SqlRule = {
  id: "policy-not-tenant-bound",
  threats: [5, 7, 8, 10, 12, 13, 14, 23, 24, 28],
  check: (context) =>
    [...context.declared].flatMap(([id, declared]) => {
      if (declared.declaration.kind === "global") return [];
      return findLapses(context, id, {
        holds: (table) => !judged(table, declared) || hasFloor(table, declared, context),
        blame: lastRestrictive,
      }).map((lapse) => ({
        level: "error" as const,
        subject: declared.subject,
        ...placeOf(lapse.at),
        detail: `no restrictive policy binds every command of ${roleOf(context)} to ${declared.declaration.tenantColumn} after this${untilLater(lapse)}`,
        fix: REPAIR,
      }));
    }),
};

/** Row security that is off, and policies that are not there, have rules of their own. */
function judged(table: TableState, { expected }: DeclaredTable): boolean {
  return (
    table.rowSecurity &&
    table.createdAt !== undefined &&
    expected.policies.every(({ name }) => table.policies.has(name))
  );
}

function lastRestrictive(table: TableState): ParsedStatement | undefined {
  const policies = [...table.policies.values()];
  const restrictive = policies.filter(({ permissive }) => !permissive).map(({ at }) => at);
  return restrictive.at(-1) ?? policies.at(-1)?.at;
}

function roleOf({ expected }: SqlContext): string {
  return expected.settings.roles.tenant;
}
