import { tableSubject } from "../../catalog/facts.js";
import type { CatalogRule } from "../rule.js";

/** A table that the code has and the database does not. */
export const tableMissing: CatalogRule = {
  id: "table-missing",
  threats: [],
  check: ({ expected, catalog }) =>
    expected.tables
      .filter(
        (table) =>
          !catalog.relations.some(({ schema, name }) => schema === table.schema && name === table.name),
      )
      .map((table) => ({
        level: "error",
        subject: tableSubject(table.schema, table.name),
        detail: "the database does not have it",
        fix: 'Run "tenantry migrate"; if nothing is pending, "tenantry create NAME" first.',
      })),
};
