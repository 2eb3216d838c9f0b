import type { CodeRule } from "../code-rule.js";
import { at, subjectOf, tenantTables } from "../code-rule.js";

/** A foreign key that would null, or reset, the tenant column along with the reference. */
export const foreignKeySetNull: CodeRule = {
  id: "foreign-key-set-null",
  threats: [18, 63],
  check: ({ model }) =>
    tenantTables(model).flatMap(({ table, tenantColumn }) =>
      table.foreignKeys
        .filter((key) => key.columns.includes(tenantColumn))
        .filter(({ onDelete, onUpdate }) => [onDelete, onUpdate].some((action) => action.startsWith("set ")))
        .map((key) => ({
          level: "error" as const,
          subject: subjectOf(table),
          ...at(key.place),
          detail: `foreign key ${key.name} would set ${tenantColumn} as well when what it refers to goes`,
          fix: 'Write it with tenantForeignKey(t, { …, onDelete: "set null" }), which nulls the reference alone.',
          object: { table, name: key.name },
        })),
    ),
};
