import type { SchemaState, ViewState } from "./schema-state.js";
import type { SqlContext } from "./sql-rule.js";

/**
 * The views over rows of tenants that a rule is about: those at the end of all migrations, and those that a migration
 * which is still to be run leaves at one of its commits.
 */
export function findViews(context: SqlContext, isAbout: (view: ViewState) => boolean): ViewState[] {
  const states = [
    context.final,
    ...context.units.filter(({ migration }) => migration.isNew).map(({ after }) => after),
  ];
  const found = new Map<object, ViewState>();
  for (const state of states) {
    for (const view of state.views.values()) {
      if (isAbout(view) && readsTenantRows(view, state, context)) found.set(view.at, view);
    }
  }
  return [...found.values()];
}

/** Directly, or through other views. */
function readsTenantRows(view: ViewState, state: SchemaState, context: SqlContext): boolean {
  const seen = new Set<ViewState>();
  const reads = (one: ViewState): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    return one.reads.some((read) => {
      if (typeof read === "number") return context.tenantTables.has(read);
      const inner = state.views.get(read);
      if (inner === undefined) return false;
      // A view with security_invoker asks the policies of whoever runs the query; but a copy of it was made by its owner.
      return (view.materialized || !inner.securityInvoker) && reads(inner);
    });
  };
  return reads(view);
}
