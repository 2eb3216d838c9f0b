import { tableSubject } from "../../../catalog/facts.js";
import { columnThen, declarationBehind } from "../declaration-behind.js";
import { findTables } from "../find-tables.js";
import type { KeyState, TableState } from "../schema-state.js";
import type { SqlContext, SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/**
 * Keys that do not start with the tenant tell one tenant of another's values, or let its rows refer to another's rows.
 * The server's own checks of keys do not ask the policies.
 */
export const keyNotTenantLeading: SqlRule = {
  id: "key-not-tenant-leading",
  threats: [59, 60, 61, 62, 63, 64],
  check: (context) => {
    const told = new Set<string>();
    return findTables(context).flatMap((table) =>
      [...table.keys.values()].flatMap((key) => {
        // A key that stays is one finding, wherever it is seen.
        const once = JSON.stringify([key.at.file, key.at.start, table.id, key.kind, key.columns]);
        const finding = told.has(once) ? undefined : judge(table, key, context);
        if (finding === undefined) return [];
        told.add(once);
        return [finding];
      }),
    );
  },
};

function judge(table: TableState, key: KeyState, context: SqlContext): SqlFinding | undefined {
  const declared = declarationBehind(table, context);
  const column = declared === undefined ? undefined : columnThen(declared, table);
  if (declared === undefined || column === undefined) return undefined;
  const isExcepted = declared.declaration.exceptions.some(
    ({ rule, subject }) => rule === keyNotTenantLeading.id && subject === key.name,
  );
  if (isExcepted) return undefined;
  const about = { level: "error" as const, subject: tableSubject(table.schema, table.name) };
  if (key.reference === undefined) {
    if (key.columns[0] === column) return undefined;
    return {
      ...about,
      ...placeOf(key.at),
      detail: `${key.kind} ${key.name} does not start with ${column}`,
      fix: `Put ${column} in front, or declare the exception: exceptions: [{ rule: "${keyNotTenantLeading.id}", subject: "${key.name}", reason: "…" }].`,
    };
  }
  if (bindsTenant(key, column, context)) return undefined;
  return {
    ...about,
    ...placeOf(key.at),
    detail: `foreign key ${key.name} does not compare ${column} with the tenant of the row that it refers to`,
    fix: "Write it with tenantForeignKey(t, { columns, foreignColumns }).",
  };
}

/** True if a foreign key between tenant tables has their tenant columns opposite each other. */
function bindsTenant({ columns, reference }: KeyState, column: string, context: SqlContext): boolean {
  const parent = reference?.table === undefined ? undefined : context.declared.get(reference.table);
  if (reference === undefined || parent === undefined || parent.declaration.kind === "global") return true;
  const position = columns.indexOf(column);
  const opposite = position < 0 ? undefined : reference.columns[position];
  return opposite !== undefined && opposite === parent.declaration.tenantColumn;
}
