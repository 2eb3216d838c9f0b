import { tableSubject } from "../../catalog/facts.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import type { ProbeRow, ProbeSettings, ProbeTenant } from "../../core/probe-rows.js";
import { suppliedValue } from "./supplied-value.js";
import type { Shapes, TableShape } from "./table-shape.js";

/** Values for a row that the project has given, as SQL expressions by column; or why there are none. */
export type SuppliedValues =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string>; readonly texts: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** The rows that the project gives to the probes. */
export type SuppliedRows = {
  /** What the project gives for a row of this table; nothing where it says nothing. */
  values(shape: TableShape, tenant: ProbeTenant): SuppliedValues;
  /** The tables with what must have rows before them. */
  readonly shapes: Shapes;
};

type Entry = { readonly row: ProbeRow; readonly after: readonly string[] };

/**
 * Finds the tables for which `defineTenancy({ probes: { rows } })` gives rows.
 *
 * @throws TenantryError `config-invalid` if the database has no such table.
 */
export function readSuppliedRows(shapes: Shapes, settings: ProbeSettings | undefined): SuppliedRows {
  const entries = new Map<string, Entry>();
  for (const [name, given] of Object.entries(settings?.rows ?? {})) {
    const { row, after } = typeof given === "function" ? { row: given, after: [] } : given;
    entries.set(findTable(shapes, name), { row, after: after.map((other) => findTable(shapes, other)) });
  }
  const tables = new Map(
    [...shapes.tables].map(([key, shape]) => [key, { ...shape, after: entries.get(key)?.after ?? [] }]),
  );
  return {
    shapes: { ...shapes, tables },
    values: (shape, tenant) => {
      const entry = entries.get(shape.key);
      return entry === undefined
        ? { ok: true, values: new Map(), texts: [] }
        : call(shape, entry.row, tenant);
    },
  };
}

function call(shape: TableShape, row: ProbeRow, tenant: ProbeTenant): SuppliedValues {
  const subject = tableSubject(shape.schema, shape.name);
  let given: unknown;
  try {
    given = row(tenant);
  } catch (thrown) {
    return { ok: false, reason: `the function in probes.rows threw: ${messageOf(thrown)}` };
  }
  if (typeof given !== "object" || given === null || "then" in given) {
    return { ok: false, reason: "the function in probes.rows returned no object of columns" };
  }
  const values = new Map<string, string>();
  const texts: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const column = shape.columns.find((each) => each.name === name);
    if (column === undefined) throw unknownColumn(subject, name, shape);
    values.set(name, suppliedValue(subject, column, value));
    texts.push(typeof value === "string" ? value : (JSON.stringify(value, noBigInt) ?? ""));
  }
  return { ok: true, values, texts };
}

function noBigInt(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** The key of a table that is named `schema.table`, or by its name alone in `public`. */
export function findTable({ tables }: Pick<Shapes, "tables">, name: string): string {
  const found = [...tables.values()].find(
    (shape) => name === `${shape.schema}.${shape.name}` || name === tableSubject(shape.schema, shape.name),
  );
  if (found !== undefined) return found.key;
  throw new TenantryError({
    code: "config-invalid",
    message: `drizzle.config.ts gives the probes a row for ${name}, and the database has no such table.`,
    hint: "Name it as schema.table, as it is called in the database, in defineTenancy({ probes: { rows: { … } } }).",
  });
}

function unknownColumn(subject: string, name: string, { columns }: TableShape): TenantryError {
  return new TenantryError({
    code: "config-invalid",
    message: `drizzle.config.ts gives the probes a value for ${subject}.${name}, and the table has no such column.`,
    details: [`its columns: ${columns.map((column) => column.name).join(", ")}`],
    hint: "Columns go by their names in the database, in defineTenancy({ probes: { rows: { … } } }).",
  });
}
