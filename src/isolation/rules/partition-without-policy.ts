import { tableSubject } from "../../catalog/facts.js";
import { appliesToService } from "../applies-to-service.js";
import type { AuditedTable, CatalogRule } from "../rule.js";
import { hasFloor } from "../tenant-bound.js";

/** The parent's policies do not apply to whoever names the partition. */
export const partitionWithoutPolicy: CatalogRule = {
  id: "partition-without-policy",
  threats: [50],
  check: (context, tables) => {
    const { catalog, expected, reach, reads } = context;
    return [...catalog.relations, ...catalog.around.elsewhere].flatMap((relation) => {
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
          level: reachable ? "error" : "warning",
          subject: tableSubject(relation.schema, relation.name),
          detail: `the policies of ${parent.subject} do not apply where this part of it is named itself, and it has none of its own${reachable ? `; ${expected.settings.roles.tenant} can reach it` : ""}`,
          fix: "Enable and force row level security on it, create the parent's policies on it, and grant services nothing on it.",
        },
      ];
    });
  },
};
