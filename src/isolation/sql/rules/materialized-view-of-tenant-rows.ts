import { tableSubject } from "../../../catalog/facts.js";
import { findViews } from "../find-views.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A materialized view keeps rows of all tenants, and no policy can be put on it. */
export const materializedViewOfTenantRows: SqlRule = {
  id: "materialized-view-of-tenant-rows",
  threats: [47],
  check: (context) =>
    findViews(context, (view) => view.materialized).map((view) => ({
      level: "error",
      subject: tableSubject(view.schema, view.name),
      ...placeOf(view.at),
      detail: "the materialized view keeps rows of all tenants, and no policy can be put on it",
      fix: "Make it a table behind withTenantRls, kept up to date by a job, or a view with security_invoker.",
    })),
};
