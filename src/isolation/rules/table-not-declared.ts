import { tableSubject } from "../../catalog/facts.js";
import type { CatalogRule } from "../rule.js";

/** A table of which nobody has said whose its rows are, in the code or in the database alone. */
export const tableNotDeclared: CatalogRule = {
  id: "table-not-declared",
  threats: [1, 47, 50, 51, 52],
  check: ({ expected, catalog }) => [
    ...expected.tables
      .filter((table) => table.declaration === undefined)
      .map((table) => ({
        level: "error" as const,
        subject: tableSubject(table.schema, table.name),
        detail: "the schema does not say whose its rows are",
        fix: "Add withTenantRls(t) to it, or globalTable(t, { reason }) if every tenant may read all of it.",
      })),
    ...catalog.relations
      .filter(({ kind }) => kind !== "view")
      .filter((relation) => expected.tables.some((table) => table.schema === relation.schema))
      .filter(
        ({ schema, name }) =>
          !expected.tables.some((table) => table.schema === schema && table.name === name),
      )
      .map((relation) => {
        const { tenant } = expected.settings.roles;
        const reachable = [...relation.grants, ...relation.columnGrants].some(
          ({ role }) => role === tenant || role === "PUBLIC",
        );
        return {
          level: reachable ? ("error" as const) : ("warning" as const),
          subject: tableSubject(relation.schema, relation.name),
          detail: `the schema does not know this ${relation.kind}${reachable ? `, and ${tenant} can reach it` : ""}`,
          fix: "Declare it in the schema, drop it, or move it to a schema of its own.",
        };
      }),
  ],
};
