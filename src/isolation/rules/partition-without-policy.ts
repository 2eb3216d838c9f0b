import { tableSubject } from "../../catalog/facts.js";
import type { Place } from "../../catalog/surroundings.js";
import { appliesToService } from "../applies-to-service.js";
import type { AuditedTable, CatalogRule } from "../rule.js";
import { hasFloor } from "../tenant-bound.js";

/**
 * The parent's policies do not apply to whoever names the partition; and those of a partition or child do not apply to
 * whoever names the parent, which then shows all the child's rows.
 */
export const partitionWithoutPolicy: CatalogRule = {
  id: "partition-without-policy",
  threats: [50],
  check: (context, tables) => {
    const { catalog, expected, reach, reads } = context;
    const below = catalog.around.children
      .filter((child) =>
        tables.some((table) => table.declaration.kind !== "global" && isSame(table.relation, child)),
      )
      .filter((child) => !reads.isTenantTable(child.parent))
      .map((child) => ({
        level: "error" as const,
        subject: tableSubject(child.schema, child.name),
        detail: `its rows show in ${tableSubject(child.parent.schema, child.parent.name)}, its parent, past its own policies`,
        fix: `Take it out: alter table ${tableSubject(child.schema, child.name)} no inherit ${tableSubject(child.parent.schema, child.parent.name)}; or detach the partition.`,
      }));
    const beside = [...catalog.relations, ...catalog.around.elsewhere].flatMap((relation) => {
      const isDeclared = tables.some(
        (table) => table.relation.schema === relation.schema && table.relation.name === relation.name,
      );
      const place = reads.parentOf(relation);
      const parent = tables.find(
        ({ relation: other }) => other.schema === place?.schema && other.name === place.name,
      );
      if (isDeclared || parent === undefined || relation.kind === "foreign table") return [];
      const child: AuditedTable = { ...parent, relation };
      const isProtected =
        relation.rowSecurity &&
        relation.forced &&
        hasFloor(child, context) &&
        relation.policies.some((policy) => policy.permissive && appliesToService(policy, expected.settings));
      if (isProtected) return [];
      const reachable = reach.canReach(relation);
      return [
        {
          level: reachable ? ("error" as const) : ("warning" as const),
          subject: tableSubject(relation.schema, relation.name),
          detail: `the policies of ${parent.subject} do not apply where this part of it is named itself, and it has none of its own${reachable ? `; ${expected.settings.roles.tenant} can reach it` : ""}`,
          fix: "Enable and force row level security on it, create the parent's policies on it, and grant services nothing on it.",
        },
      ];
    });
    return [...below, ...beside];
  },
};

function isSame(one: Place, other: Place): boolean {
  return one.schema === other.schema && one.name === other.name;
}
