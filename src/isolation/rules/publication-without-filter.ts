import { tableSubject } from "../../catalog/facts.js";
import type { CatalogRule } from "../rule.js";

/** Logical replication knows no policies: a publication without a row filter sends every tenant's rows. */
export const publicationWithoutFilter: CatalogRule = {
  id: "publication-without-filter",
  threats: [45],
  check: ({ catalog, expected, reads }) => {
    const managed = new Set(expected.tables.map(({ schema }) => schema));
    return catalog.around.publications
      .filter(({ filtered }) => !filtered)
      .flatMap(({ name, schema, table }) => {
        if (schema !== null && table !== null && !reads.isTenantTable({ schema, name: table })) return [];
        if (schema !== null && table === null && !managed.has(schema)) return [];
        const subject =
          schema === null
            ? "all tables"
            : table === null
              ? `all tables in schema ${schema}`
              : tableSubject(schema, table);
        return [
          {
            level: "error",
            subject,
            about: name,
            detail: `publication ${name} sends the rows of every tenant: replication asks no policies`,
            fix: "Add a row filter: for table … where (…); or drop the publication.",
          },
        ];
      });
  },
};
