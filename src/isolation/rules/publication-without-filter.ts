import { tableSubject } from "../../catalog/facts.js";
import type { Publication } from "../../catalog/surroundings.js";
import type { AuditContext, AuditedTable, CatalogRule } from "../rule.js";

/** Logical replication knows no policies: a publication without a row filter sends every tenant's rows. */
export const publicationWithoutFilter: CatalogRule = {
  id: "publication-without-filter",
  threats: [45],
  check: (context, tables) => {
    const { catalog, expected, reads } = context;
    const managed = new Set(expected.tables.map(({ schema }) => schema));
    return catalog.around.publications
      .filter((publication) => !comparesTenant(publication, context, tables))
      .flatMap(({ name, schema, table, filtered }) => {
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
            detail: `publication ${name} sends the rows of every tenant: replication asks no policies${filtered ? ", and its filter does not look at the tenant" : ""}`,
            fix: "Add a row filter: for table … where (…); or drop the publication.",
          },
        ];
      });
  },
};

/** A filter such as `(creator_id = …)`; one that does not ask for the tenant sends rows of every tenant. */
function comparesTenant(
  { filter, schema, table }: Publication,
  { expected, analysis }: AuditContext,
  tables: readonly AuditedTable[],
): boolean {
  if (filter === null) return false;
  const declared = tables.find(({ relation }) => relation.schema === schema && relation.name === table);
  return analysis.fixesColumn(filter, declared?.declaration.tenantColumn ?? expected.settings.column);
}
