import type { CodeRule } from "../code-rule.js";
import { at, subjectOf } from "../code-rule.js";
import { readsTenantRows } from "../reads-tenant-rows.js";

/** A materialized view keeps the rows of all tenants, and can have no policy. */
export const materializedViewOfTenantRows: CodeRule = {
  id: "materialized-view-of-tenant-rows",
  threats: [47],
  check: (context) =>
    context.model.views
      .filter((view) => view.materialized && readsTenantRows(context, view))
      .map((view) => ({
        level: "error",
        subject: subjectOf(view),
        ...at(view.place),
        detail: "it keeps rows of every tenant, and PostgreSQL has no row security for materialized views",
        fix: "Make it a table with withTenantRls(t) that a job fills, or a view with securityInvoker.",
      })),
};
