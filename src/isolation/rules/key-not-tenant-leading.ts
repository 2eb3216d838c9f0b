import type { AuditedTable, CatalogRule } from "../rule.js";

/**
 * Keys that do not start with the tenant tell one tenant of another's values, or let its rows refer to another's rows.
 * The server's own checks of keys do not ask the policies.
 */
export const keyNotTenantLeading: CatalogRule = {
  id: "key-not-tenant-leading",
  threats: [59, 60, 61, 62, 63, 64],
  check: (_, tables) =>
    tables.flatMap((table) => wrongKeys(table, tables).map((key) => describe(table, key))),
};

type Key = { readonly kind: "primary key" | "unique" | "foreign key" | "exclusion"; readonly name: string };

function wrongKeys(table: AuditedTable, tables: readonly AuditedTable[]): Key[] {
  const { tenantColumn, kind } = table.declaration;
  if (kind === "global" || tenantColumn === undefined) return [];
  const parentOf = (name: { readonly schema: string; readonly name: string } | null) =>
    tables.find(
      (other) =>
        other.relation.schema === name?.schema &&
        other.relation.name === name.name &&
        other.declaration.kind !== "global",
    );
  const keys: Key[] = [
    ...table.relation.constraints.flatMap((constraint): Key[] => {
      if (constraint.type === "foreign key") {
        const { foreignTable } = constraint;
        const parent = parentOf(foreignTable);
        // Both sides: its own tenant column must refer to the parent's.
        const at = constraint.columns.indexOf(tenantColumn);
        const leads = at >= 0 && foreignTable?.columns[at] === parent?.declaration.tenantColumn;
        return parent === undefined || leads ? [] : [{ kind: "foreign key", name: constraint.name }];
      }
      if (constraint.columns[0] === tenantColumn) return [];
      const { type } = constraint;
      return type === "primary key" || type === "unique" || type === "exclusion"
        ? [{ kind: type, name: constraint.name }]
        : [];
    }),
    ...table.relation.indexes
      .filter((index) => index.unique && index.columns[0] !== tenantColumn)
      .map((index): Key => ({ kind: "unique", name: index.name })),
  ];
  return keys;
}

function describe(table: AuditedTable, key: Key) {
  const { tenantColumn } = table.declaration;
  return {
    level: "error" as const,
    subject: table.subject,
    about: key.name,
    detail:
      key.kind === "foreign key"
        ? `${key.kind} ${key.name} does not compare ${tenantColumn} with the tenant of the row that it refers to`
        : `${key.kind} ${key.name} does not start with ${tenantColumn}`,
    fix:
      key.kind === "foreign key"
        ? "Write it with tenantForeignKey(t, …)."
        : `Put ${tenantColumn} in front, or declare the exception: exceptions: [{ rule: "${keyNotTenantLeading.id}", subject: "${key.name}", reason: "…" }].`,
  };
}
