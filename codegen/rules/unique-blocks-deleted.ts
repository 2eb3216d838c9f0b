import type { CodeRule, TenantTable } from "../code-rule.js";
import { at, subjectOf, tenantTables } from "../code-rule.js";
import type { ColumnModel, KeyModel } from "../schema-model.js";

/** A row that is only marked as deleted keeps its unique values: nobody sees it, and nobody can use the value again. */
export const uniqueBlocksDeleted: CodeRule = {
  id: "unique-blocks-deleted",
  threats: [86],
  check: ({ model }) =>
    tenantTables(model).flatMap((table) => {
      const mark = table.table.columns.find(marksDeleted);
      if (mark === undefined) return [];
      return table.table.keys
        .filter((key) => blocks(key, table, mark))
        .map((key) => ({
          level: "warning",
          subject: subjectOf(table.table),
          ...at(key.place),
          detail: `${key.kind} ${key.name} also holds rows that ${mark.name} marks as deleted: their values cannot be used again`,
          fix: `Write it as uniqueIndex().on(…).where(sql\`\${t.${mark.property}} is ${/^bool/.test(mark.sqlType) ? "false" : "null"}\`), or declare the exception: exceptions: [{ rule: "${uniqueBlocksDeleted.id}", subject: "${key.name}", reason: "…" }].`,
          object: { table: table.table, name: key.name },
        }));
    }),
};

function marksDeleted({ name, sqlType }: ColumnModel): boolean {
  const plain = name.toLowerCase().replaceAll("_", "");
  if (/^bool/.test(sqlType)) return /^(is)?(deleted|removed)$/.test(plain);
  return /^(timestamp|date)/.test(sqlType) && /^(deleted|removed)(at|on|date)?$/.test(plain);
}

/** Values of the primary key are never used again, and a key with the mark in it holds a deleted row once for each time. */
function blocks(key: KeyModel, { table, tenantColumn }: TenantTable, mark: ColumnModel): boolean {
  if (key.partial || (key.kind !== "unique" && key.kind !== "unique index")) return false;
  const primary = table.keys.find(({ kind }) => kind === "primary key")?.columns ?? [];
  const own = key.columns.filter((column) => column !== tenantColumn);
  const isIdentity =
    own.length > 0 && own.every((column) => column !== undefined && primary.includes(column));
  return !isIdentity && !key.columns.includes(mark.name);
}
