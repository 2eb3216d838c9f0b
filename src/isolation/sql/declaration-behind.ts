import type { TableState } from "./schema-state.js";
import { tableById } from "./schema-state.js";
import type { DeclaredTable, SqlContext } from "./sql-rule.js";

/** What the schema says of a tenant table, or of the one that it is a part or a child of. */
export function declarationBehind(
  table: TableState,
  context: SqlContext,
  seen: ReadonlySet<number> = new Set(),
): DeclaredTable | undefined {
  const declared = context.declared.get(table.id);
  if (declared !== undefined) return declared.declaration.kind === "global" ? undefined : declared;
  if (table.origin.kind !== "child" || seen.has(table.id)) return undefined;
  for (const id of table.origin.of) {
    const parent = tableById(context.final, id);
    const found =
      parent === undefined ? undefined : declarationBehind(parent, context, new Set([...seen, table.id]));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The tenant column as it was called when a table was in this state, also where it has been renamed away since. */
export function columnThen({ declaration, final }: DeclaredTable, table: TableState): string | undefined {
  const { tenantColumn } = declaration;
  if (tenantColumn === undefined || final.id !== table.id) return tenantColumn;
  const first = final.columnRenames.reduceRight(
    (name, { from, to }) => (name === to ? from : name),
    tenantColumn,
  );
  return table.columnRenames.reduce((name, { from, to }) => (name === from ? to : name), first);
}
