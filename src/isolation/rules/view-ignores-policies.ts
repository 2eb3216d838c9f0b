import type { Relation } from "../../catalog/catalog.js";
import { tableSubject } from "../../catalog/facts.js";
import type { CatalogRule } from "../rule.js";

/** A view without security_invoker reads as its owner, past the policies of whoever asks. */
export const viewIgnoresPolicies: CatalogRule = {
  id: "view-ignores-policies",
  threats: [46],
  check: ({ expected, catalog }) => {
    const { tenant } = expected.settings.roles;
    return catalog.relations
      .filter((relation) => relation.kind === "view" && !isInvoker(relation))
      .map((relation) => {
        const reachable = [...relation.grants, ...relation.columnGrants].some(
          ({ role }) => role === tenant || role === "PUBLIC",
        );
        return {
          level: reachable ? ("error" as const) : ("warning" as const),
          subject: tableSubject(relation.schema, relation.name),
          detail: reachable
            ? `${tenant} can reach this view, which reads as its owner ${relation.owner}`
            : "the view reads as its owner, so services are not let at it",
          fix: "Make it a view of whoever asks: pgView(…).with({ securityInvoker: true }).",
        };
      });
  },
};

/** PostgreSQL keeps the option as it was written. */
function isInvoker(view: Relation): boolean {
  return view.options.some((option) => /^security_invoker=(true|on|yes|1)$/i.test(option));
}
