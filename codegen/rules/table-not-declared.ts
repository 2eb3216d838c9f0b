import type { CodeRule } from "../code-rule.js";
import { at, subjectOf } from "../code-rule.js";

/** A table of which nobody has said whose its rows are. */
export const tableNotDeclared: CodeRule = {
  id: "table-not-declared",
  threats: [1, 2, 3],
  check: ({ model }) =>
    model.tables
      .filter((table) => table.declaration === undefined && table.failure === undefined)
      .map((table) => ({
        level: "error",
        subject: subjectOf(table),
        ...at(table.place),
        detail: "the schema does not say whose its rows are",
        fix: "Add withTenantRls(t) to it, or globalTable(t, { reason }) if every tenant may read all of it.",
      })),
};
