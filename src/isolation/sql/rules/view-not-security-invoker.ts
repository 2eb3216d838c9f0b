import { tableSubject } from "../../../catalog/facts.js";
import { findViews } from "../find-views.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A view asks the policies of its owner, unless it says security_invoker: the owner may see every tenant's rows. */
export const viewNotSecurityInvoker: SqlRule = {
  id: "view-not-security-invoker",
  threats: [46],
  check: (context) =>
    findViews(context, (view) => !view.materialized && !view.securityInvoker).map((view) => ({
      level: "error",
      subject: tableSubject(view.schema, view.name),
      ...placeOf(view.at),
      detail: "the view reads rows of tenants with its owner's rights, and so past the policies",
      fix: `Write it with (security_invoker = true); in Drizzle: pgView(…).with({ securityInvoker: true }).`,
    })),
};
