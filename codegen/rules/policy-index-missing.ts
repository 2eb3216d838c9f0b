import type { CodeRule } from "../code-rule.js";
import { at, subjectOf, tenantTables } from "../code-rule.js";

/** A tenant table without an index that starts with the tenant column: each query reads every tenant's rows. */
export const policyIndexMissing: CodeRule = {
  id: "policy-index-missing",
  threats: [19],
  check: ({ model }) =>
    tenantTables(model)
      .filter(
        ({ table, tenantColumn }) =>
          !table.keys.some(
            (key) => !key.partial && key.method === "btree" && key.columns[0] === tenantColumn,
          ),
      )
      .map(({ table, tenantColumn }) => ({
        level: "warning",
        subject: subjectOf(table),
        ...at(table.place),
        detail: `no index serves the policy: none starts with ${tenantColumn} and holds every row`,
        fix: "Use ...tenantKey(), whose primary key starts with it, or add an index on it.",
      })),
};
