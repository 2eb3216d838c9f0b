/** A table's name as one text, so that it can be a key. */
export function tableKey(table: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([table.schema, table.name]);
}
