import { tableSubject } from "../../catalog/facts.js";
import type { Expected } from "../../isolation/expected.js";
import { tableKey } from "../rows/read-tables.js";
import type { FoundTable, TableReference } from "./tenant-graph.js";

/** What the database has. */
export type FoundStructure = {
  readonly tables: readonly FoundTable[];
  readonly references: readonly TableReference[];
  /** The keys of partitions, whose topmost parents stand for them. */
  readonly partitions: ReadonlySet<string>;
};

/**
 * The tables through which rows of a tenant would be missed, a line for each: declared and not there, there and not declared,
 * or hanging on tenants' rows by a foreign key without being a tenant table. Pure.
 */
export function findTenantGaps(
  { tables: declared, settings }: Pick<Expected, "tables" | "settings">,
  found: FoundStructure,
): string[] {
  const there = new Map(found.tables.map((table) => [tableKey(table), table]));
  const kinds = new Map(declared.map((table) => [tableKey(table), table.declaration?.kind]));
  const tenants = declared.filter(({ declaration }) => declaration?.tenantColumn !== undefined);
  const subjectOf = (key: string) => {
    const table = there.get(key);
    return table === undefined ? key : tableSubject(table.schema, table.name);
  };
  const lost = tenants.flatMap((table) => {
    const key = tableKey(table);
    const subject = tableSubject(table.schema, table.name);
    if (found.partitions.has(key)) return [];
    const real = there.get(key);
    if (real === undefined) return [`${subject} is declared, and not in the database`];
    const column = table.declaration?.tenantColumn ?? "";
    return real.columns.includes(column) ? [] : [`${subject} has no column ${column} in the database`];
  });
  const isTenant = (key: string) => kinds.get(key) === "tenant" || kinds.get(key) === "root";
  const strays = found.tables
    .filter(({ kind, columns }) => kind !== "materialized view" && columns.includes(settings.column))
    .filter((table) => !isTenant(tableKey(table)))
    .map(
      (table) =>
        `${subjectOf(tableKey(table))} has a column ${settings.column}, and is no declared tenant table`,
    );
  return [...new Set([...lost, ...strays, ...findAttached(found.references, kinds, subjectOf)])];
}

/** Tables that are no tenant tables and refer to some, or to a table that does. */
function findAttached(
  references: readonly TableReference[],
  kinds: ReadonlyMap<string, string | undefined>,
  subjectOf: (key: string) => string,
): string[] {
  const reached = new Set(
    [...kinds].flatMap(([key, kind]) => (kind === "tenant" || kind === "root" ? [key] : [])),
  );
  const gaps: string[] = [];
  for (let size = -1; size !== reached.size; ) {
    size = reached.size;
    for (const { table, foreignTable, constraint } of references) {
      if (reached.has(table) || !reached.has(foreignTable)) continue;
      reached.add(table);
      const what = kinds.get(table) === "global" ? "is a global table" : "is no declared tenant table";
      gaps.push(`${subjectOf(table)} refers to ${subjectOf(foreignTable)} (${constraint}), and ${what}`);
    }
  }
  return gaps;
}
