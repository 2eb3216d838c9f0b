import type { CodeContext, CodeFinding, CodeRule, TenantTable } from "../code-rule.js";
import { at, subjectOf, tenantTables } from "../code-rule.js";
import type { ForeignKeyModel, KeyModel } from "../schema-model.js";

/**
 * Keys that do not start with the tenant tell one tenant of another's values, or let its rows refer to another's rows.
 * The server's own checks of keys do not ask the policies.
 */
export const keyNotTenantLeading: CodeRule = {
  id: "key-not-tenant-leading",
  threats: [59, 60, 61, 62, 63, 86],
  check: (context) =>
    tenantTables(context.model).flatMap((table) => [
      ...table.table.keys
        .filter((key) => key.kind !== "index" && key.columns[0] !== table.tenantColumn)
        .map((key) => wrongKey(table, key)),
      ...table.table.foreignKeys
        .filter((key) => !bindsTenant(context, table, key))
        .map((key) => wrongForeignKey(table, key)),
    ]),
};

/** True if a foreign key between tenant tables has their tenant columns opposite each other. */
function bindsTenant({ model }: CodeContext, table: TenantTable, key: ForeignKeyModel): boolean {
  const foreign = tenantTables(model).find(
    (other) => other.table.schema === key.foreignSchema && other.table.name === key.foreignTable,
  );
  if (foreign === undefined) return true;
  const position = key.columns.indexOf(table.tenantColumn);
  return position >= 0 && key.foreignColumns[position] === foreign.tenantColumn;
}

function wrongKey({ table, tenantColumn }: TenantTable, key: KeyModel): CodeFinding {
  return {
    level: "error",
    subject: subjectOf(table),
    ...at(key.place),
    detail: `${key.kind} ${key.name} does not start with ${tenantColumn}`,
    fix: `Put ${tenantColumn} in front, or declare the exception: exceptions: [{ rule: "${keyNotTenantLeading.id}", subject: "${key.name}", reason: "…" }].`,
    object: { table, name: key.name },
  };
}

function wrongForeignKey({ table, tenantColumn }: TenantTable, key: ForeignKeyModel): CodeFinding {
  return {
    level: "error",
    subject: subjectOf(table),
    ...at(key.place),
    detail: `foreign key ${key.name} does not bind ${tenantColumn} to the tenant of ${key.foreignTable}: a row could refer to another tenant's`,
    fix: "Write it with tenantForeignKey(t, { columns, foreignColumns }).",
    object: { table, name: key.name },
  };
}
