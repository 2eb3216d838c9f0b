import { qualify } from "../../core/identifiers.js";
import { isOfTenant } from "../tenant/count-tenant-rows.js";
import type { TenantTable } from "../tenant/tenant-graph.js";

/**
 * The statements that delete the rows of the tenant `$1`, in an order that foreign keys allow: those that refer before what
 * they refer to, and a circle in one statement, at whose end its keys are checked. The audit log is not among them.
 *
 * @param groups as `groupByReferences` gives them.
 */
export function deleteSql(groups: readonly (readonly TenantTable[])[]): string[] {
  return groups.toReversed().flatMap((group) => {
    const tables = group.filter(({ auditErasure }) => auditErasure === undefined);
    const deletes = tables.map(
      (table) => `delete from ${qualify(table.schema, table.name)} where ${isOfTenant(table)}`,
    );
    const [first, ...others] = deletes;
    if (first === undefined) return [];
    if (others.length === 0) return [first];
    const parts = others.map((text, index) => `part_${index + 1} as (${text})`);
    return [`with ${parts.join(",\n     ")}\n${first}`];
  });
}
