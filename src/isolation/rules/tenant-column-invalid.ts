import { quoteIdentifier } from "../../core/identifiers.js";
import type { CatalogRule } from "../rule.js";

/** A row without a tenant belongs to nobody: no policy shows it, and no erasure finds it. */
export const tenantColumnInvalid: CatalogRule = {
  id: "tenant-column-invalid",
  threats: [18],
  check: (_, tables) =>
    tables.flatMap(({ subject, relation, declaration: { tenantColumn } }) => {
      if (tenantColumn === undefined) return [];
      const column = relation.columns.find(({ name }) => name === tenantColumn);
      if (column?.notNull === true) return [];
      return [
        {
          level: "error",
          subject,
          detail:
            column === undefined
              ? `the column ${tenantColumn} is missing`
              : `${tenantColumn} may be null: such a row belongs to nobody`,
          fix:
            column === undefined
              ? 'Run "tenantry migrate"; if nothing is pending, "tenantry create NAME" first.'
              : `alter table ${quoteIdentifier(relation.schema)}.${quoteIdentifier(relation.name)} alter column ${quoteIdentifier(tenantColumn)} set not null;`,
        },
      ];
    }),
};
