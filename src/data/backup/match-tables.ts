import { TenantryError } from "../../core/errors.js";
import { groupBy } from "../../core/group-by.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { TableShape } from "../rows/read-tables.js";
import { orderByReferences, tableKey } from "../rows/read-tables.js";
import type { BesideTables } from "./read-contents.js";

type Relation = { readonly schema: string; readonly name: string };

/** Which tables of a database a backup can hold. */
export type TableMatch = {
  /** In the order in which they can be loaded. */
  readonly tables: readonly TableShape[];
  /** Of the database, and not of the migrations' making. */
  readonly others: readonly Relation[];
  /** Of the migrations' making, and not in the database. */
  readonly lacking: readonly Relation[];
};

/**
 * Compares what a database has with what the migrations make (pure): what they do not make, nothing could restore.
 *
 * @throws TenantryError `backup-refused` if a table has other columns than the migrations give it.
 */
export function matchTables(found: readonly TableShape[], made: readonly TableShape[]): TableMatch {
  const known = new Map(made.map((table) => [tableKey(table), table]));
  const present = new Set(found.map(tableKey));
  const ours = found.filter((table) => known.has(tableKey(table)));
  const differing = ours.flatMap((table) => describeColumns(table, known.get(tableKey(table))) ?? []);
  if (differing.length > 0) {
    throw new TenantryError({
      code: "backup-refused",
      message: `${differing.length === 1 ? "A table has" : `${differing.length} tables have`} other columns than the migrations give: a backup could not be restored.`,
      details: differing,
      hint: 'Run "tenantry verify" to see the drift, and write a migration for it; or take a backup with --format pg_dump.',
    });
  }
  const others = found.filter((table) => !known.has(tableKey(table)));
  return {
    tables: orderByReferences(ours),
    others,
    lacking: made.filter((table) => !present.has(tableKey(table))),
  };
}

/**
 * What a backup has not got (pure), sequences and materialized views among it: one line each, or one for a schema of somebody
 * else. A sequence that goes with its table is not named beside it.
 */
export function matchBeside(
  { others, lacking }: Pick<TableMatch, "others" | "lacking">,
  found: readonly BesideTables[],
  made: { readonly tables: readonly Relation[]; readonly beside: readonly BesideTables[] },
): Pick<Manifest, "leftOut"> & Pick<TableMatch, "lacking"> {
  const schemas = new Set([...made.tables, ...made.beside].map(({ schema }) => schema));
  const gone = new Set([...others.map(tableKey), ...lacking.map(tableKey)]);
  const without = (from: readonly BesideTables[], what: readonly BesideTables[]) => {
    const keys = new Set(what.map(tableKey));
    return from.filter(
      (one) => !keys.has(tableKey(one)) && (one.owner === null || !gone.has(tableKey(one.owner))),
    );
  };
  const strange = [...others, ...without(found, made.beside)];
  const foreign = groupBy(
    strange.filter(({ schema }) => !schemas.has(schema)),
    ({ schema }) => schema,
  );
  return {
    leftOut: [
      ...strange
        .filter(({ schema }) => schemas.has(schema))
        .map((one) => ({ name: nameOf(one), reason: "no migration makes it" })),
      ...[...foreign].map(([schema, relations]) => ({
        name: `schema ${schema}`,
        reason: `no migration makes it: ${relations.map(({ name }) => name).join(", ")}`,
      })),
    ],
    lacking: [...lacking, ...without(made.beside, found)],
  };
}

function nameOf({ schema, name }: Relation): string {
  return `${schema}.${name}`;
}

/** In which columns a table is another than that of the migrations; undefined if in none. */
export function describeColumns(
  table: Pick<TableShape, "schema" | "name" | "columns" | "partitioned">,
  other: Pick<TableShape, "columns" | "partitioned"> | undefined,
): string | undefined {
  if (other === undefined) return `${table.schema}.${table.name} is missing`;
  const types = new Map(other.columns.map(({ name, type }) => [name, type]));
  const names = new Set(table.columns.map(({ name }) => name));
  const problems = [
    ...table.columns.flatMap(({ name, type }) => {
      const expected = types.get(name);
      if (expected === undefined) return [`${name} is not the migrations'`];
      return expected === type ? [] : [`${name} is ${type}, not ${expected}`];
    }),
    ...other.columns.flatMap(({ name }) => (names.has(name) ? [] : [`${name} is missing`])),
    ...(table.partitioned === other.partitioned ? [] : ["it is partitioned on one side alone"]),
  ];
  return problems.length === 0 ? undefined : `${table.schema}.${table.name}: ${problems.join("; ")}`;
}
