import { tableSubject } from "../../catalog/facts.js";
import type { CatalogRule } from "../rule.js";

/** A materialized view keeps rows of all tenants, and no policy can be put on it. */
export const materializedViewOfTenantRows: CatalogRule = {
  id: "materialized-view-of-tenant-rows",
  threats: [47],
  check: ({ expected, catalog, reach, reads }) =>
    [...catalog.relations, ...catalog.around.elsewhere]
      .filter((relation) => relation.kind === "materialized view" && reads.readsTenantRows(relation))
      .map((relation) => {
        const reachable = reach.canReach(relation);
        return {
          level: reachable ? "error" : "warning",
          subject: tableSubject(relation.schema, relation.name),
          detail: `the materialized view keeps rows of all tenants, and no policy can be put on it${reachable ? `; ${expected.settings.roles.tenant} can reach it` : ""}`,
          fix: "Make it a table behind withTenantRls, kept up to date by a job, or a view with security_invoker.",
        };
      }),
};
