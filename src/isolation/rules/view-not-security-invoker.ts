import { tableSubject } from "../../catalog/facts.js";
import type { CatalogRule } from "../rule.js";

/** A view without security_invoker reads as its owner, past the policies of whoever asks. */
export const viewNotSecurityInvoker: CatalogRule = {
  id: "view-not-security-invoker",
  threats: [46],
  check: ({ expected, catalog, reach, reads }) => {
    const { tenant } = expected.settings.roles;
    return [...catalog.relations, ...catalog.around.elsewhere]
      .filter((relation) => relation.kind === "view" && reads.leaks(relation))
      .map((relation) => {
        const reachable = reach.canReach(relation);
        return {
          level: reachable ? "error" : "warning",
          subject: tableSubject(relation.schema, relation.name),
          detail: reachable
            ? `${tenant} can reach this view, which reads rows of tenants as its owner ${relation.owner}`
            : "the view reads rows of tenants as its owner, so services are not let at it",
          fix: "Make it a view of whoever asks: pgView(…).with({ securityInvoker: true }).",
        };
      });
  },
};
