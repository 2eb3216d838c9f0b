import type { PolicyState, TableState } from "./schema-state.js";
import type { DeclaredTable, SqlContext } from "./sql-rule.js";

/** True if a policy counts for a login that is in the service role and in nothing else. */
export function countsForService(policy: PolicyState, { expected }: SqlContext): boolean {
  return policy.roles.includes("PUBLIC") || policy.roles.includes(expected.settings.roles.tenant);
}

/** True if what a policy lets through, and what it lets be written, is only the context's own. */
export function isPolicyBound(
  policy: PolicyState,
  table: TableState,
  declared: DeclaredTable,
  { analysis }: SqlContext,
): boolean {
  const { tenantColumn, tenantType } = declared.declaration;
  if (tenantColumn === undefined || tenantType === undefined) return false;
  const column = nameAtThatTime(tenantColumn, policy, declared.final);
  const bound = (expression: string) =>
    analysis.isTenantBound(expression, policy.tableName, column, tenantType);
  // Without a WITH CHECK of its own, a policy checks new rows by its USING.
  const using = policy.command === "insert" || (policy.using !== undefined && bound(policy.using));
  const check = policy.check === undefined ? policy.command !== "insert" : bound(policy.check);
  return using && check && table.id === declared.final.id;
}

/** True if a restrictive policy binds every command of the service role to the tenant: nothing can widen past it. */
export function hasFloor(table: TableState, declared: DeclaredTable, context: SqlContext): boolean {
  return [...table.policies.values()].some(
    (policy) =>
      !policy.permissive &&
      policy.command === "all" &&
      countsForService(policy, context) &&
      isPolicyBound(policy, table, declared, context),
  );
}

/** PostgreSQL follows renames inside policies; the text that was written has the old name. */
function nameAtThatTime(column: string, policy: PolicyState, final: TableState): string {
  return final.columnRenames
    .slice(policy.renamesSeen)
    .reduceRight((name, { from, to }) => (name === to ? from : name), column);
}
