import { tableKey } from "../rows/read-tables.js";

type Named = { readonly schema: string; readonly name: string };

/**
 * Tables in an order in which rows can be inserted: those that are referred to first. Tables that refer to one another in a
 * circle are one group, to be written by one statement, since a foreign key is checked when its statement has ended.
 *
 * @param references by `tableKey`; those to other tables count for nothing.
 */
export function groupByReferences<T extends Named>(
  tables: readonly T[],
  references: readonly { readonly table: string; readonly foreignTable: string }[],
): T[][] {
  const byKey = new Map(tables.map((table) => [tableKey(table), table]));
  const order = new Map<string, number>();
  const stack: string[] = [];
  const groups: T[][] = [];
  // Tarjan's algorithm: a group is complete when everything that it refers to is.
  const visit = (key: string): number => {
    const own = order.size;
    order.set(key, own);
    stack.push(key);
    let lowest = own;
    for (const { table, foreignTable } of references) {
      if (table !== key || !byKey.has(foreignTable)) continue;
      const seen = order.get(foreignTable);
      if (seen === undefined) lowest = Math.min(lowest, visit(foreignTable));
      else if (stack.includes(foreignTable)) lowest = Math.min(lowest, seen);
    }
    if (lowest === own) {
      const members = stack.splice(stack.indexOf(key));
      groups.push(members.flatMap((member) => byKey.get(member) ?? []));
    }
    return lowest;
  };
  for (const key of byKey.keys()) if (!order.has(key)) visit(key);
  return groups;
}
