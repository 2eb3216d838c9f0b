import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { isTenantKeyId } from "../rls/tenant-key.js";
import type { SeedCreator, SeedRow, SeedTable } from "./seed-module.js";
import type { SeededTable, SeedReference } from "./seed-tables.js";
import { createRandom, type Random, seededUuid, seedOf } from "./seeded-random.js";

type DrizzleSeed = typeof import("drizzle-seed");
type SeedService = InstanceType<DrizzleSeed["SeedService"]>;
type TableInfo = Parameters<SeedService["generatePossibleGenerators"]>[1][number];
type Refinements = NonNullable<Parameters<SeedService["generatePossibleGenerators"]>[3]>;

/** What the rows of a table are made from. */
export type RowsRequest = {
  readonly drizzleSeed: DrizzleSeed;
  readonly table: SeededTable;
  readonly refined: SeedTable;
  readonly creator: SeedCreator;
  readonly seed: number;
  /** The rows that there are to refer to, of this creator's tables and of global ones. */
  readonly rowsOf: (table: PgTable) => readonly SeedRow[];
};

/** A row in so many has no parent where it need not have one. */
const ORPHAN_SHARE = 0.4;

/**
 * Makes one creator's rows of one table. The same seed makes the same rows.
 *
 * @throws TenantryError `schema-invalid` for a column that drizzle-seed cannot fill, and a parent that has no rows.
 */
export async function makeRows(request: RowsRequest): Promise<SeedRow[]> {
  const { table, refined, creator, seed } = request;
  const count = table.isRoot ? 1 : (refined.count ?? creator.count);
  const random = createRandom(seedOf(seed, creator.id, table.name));
  const generated = count === 0 ? [] : await generate(request, count);
  const ids = Object.entries(table.columns).filter(([, column]) => isTenantKeyId(column));
  return generated.map((row, index) => {
    const whole: SeedRow = {
      ...row,
      ...Object.fromEntries(ids.map(([property]) => [property, seededUuid(random, index)])),
      ...Object.assign({}, ...table.references.map((reference) => pickParent(request, reference, random))),
      [table.tenantProperty]: tenantValue(table.columns[table.tenantProperty], creator.id),
    };
    return refined.finish?.(whole, { index, random }) ?? whole;
  });
}

/** The columns that stand alone, by drizzle-seed: refined, or as it thinks fit. */
async function generate(request: RowsRequest, count: number): Promise<readonly SeedRow[]> {
  const { table, refined, creator, seed } = request;
  const service = new request.drizzleSeed.SeedService();
  const columns = Object.entries(table.columns).filter(([property, column]) =>
    isGenerated(table, refined, property, column),
  );
  const info: TableInfo = {
    name: table.name,
    columns: columns.map(([property, column]) => describeColumn(property, column)),
    uniqueConstraints: [],
    primaryKeys: columns.filter(([, column]) => column.primary).map(([property]) => property),
  };
  const refinements = { [table.name]: { count, columns: refined.columns ?? {} } } as Refinements;
  const options = { count, seed: seedOf(seed, creator.id) };
  try {
    const generators = service.generatePossibleGenerators("postgresql", [info], [], refinements, options);
    const values = await service.generateTablesValues([], generators, undefined, undefined, {
      ...options,
      preserveData: true,
      insertDataInDb: false,
    });
    return values.find(({ tableName }) => tableName === table.name)?.rows ?? [];
  } catch (thrown) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `drizzle-seed cannot make rows for ${table.name}.`,
      details: [thrown instanceof Error ? thrown.message : String(thrown)],
      hint: `Name a generator for the column, or false, under ${table.names[0]}.columns in your seed module.`,
      cause: thrown,
    });
  }
}

/** Not what the engine sets itself, and not what the database would fill in, unless the project asks for it. */
function isGenerated(table: SeededTable, refined: SeedTable, property: string, column: PgColumn): boolean {
  if (property === table.tenantProperty || isTenantKeyId(column)) return false;
  if (table.references.some(({ columns }) => columns.includes(property))) return false;
  if (column.generated !== undefined || column.generatedIdentity !== undefined) return false;
  const refinement = refined.columns?.[property];
  if (refinement !== undefined) return refinement !== false;
  const isFilledByDatabase = column.default !== undefined && column.defaultFn === undefined;
  return !isFilledByDatabase && !/serial$/.test(column.getSQLType());
}

/** A column as drizzle-seed's own reader of schemas describes it; it does not export that. */
function describeColumn(property: string, column: PgColumn): TableInfo["columns"][number] {
  const type = column.getSQLType();
  const [first, second] = /\((\d+)(?:, *(\d+))?\)/.exec(type)?.slice(1) ?? [];
  const isDecimal = /^(numeric|decimal|real|double)/.test(type);
  const dimensions = "dimensions" in column && typeof column.dimensions === "number" ? column.dimensions : 0;
  return {
    name: property,
    columnType: type,
    typeParams: {
      ...(dimensions === 0 ? {} : { dimensions }),
      ...(first === undefined ? {} : { [isDecimal ? "precision" : "length"]: Number(first) }),
      ...(isDecimal && second !== undefined ? { scale: Number(second) } : {}),
    },
    dataType: column.dataType.split(" ")[0] ?? column.dataType,
    hasDefault: column.hasDefault,
    ...(column.enumValues === undefined ? {} : { enumValues: [...column.enumValues] }),
    isUnique: column.isUnique,
    notNull: column.notNull,
    primary: column.primary,
  };
}

/** All columns of a reference come from one and the same parent. */
function pickParent(request: RowsRequest, reference: SeedReference, random: Random): SeedRow {
  const isSelf = reference.foreignTable === request.table.table;
  const parents = isSelf ? [] : request.rowsOf(reference.foreignTable);
  const parent = parents[Math.floor(random() * parents.length)];
  if (parent === undefined && !reference.isNullable) {
    throw new TenantryError({
      code: "schema-invalid",
      message: `Rows of ${request.table.name} need a ${reference.columns.join(", ")} to refer to, and there is none.`,
      hint: "Seed the table that it refers to with at least one row, or fill it in a migration if it is a global one.",
    });
  }
  const isOrphan = parent === undefined || (reference.isNullable && random() < ORPHAN_SHARE);
  return Object.fromEntries(
    reference.columns.map((property, index) => [
      property,
      isOrphan ? null : parent[reference.foreignColumns[index] ?? ""],
    ]),
  );
}

function tenantValue(column: PgColumn | undefined, id: string): unknown {
  if (column?.dataType.startsWith("bigint") === true) return BigInt(id);
  if (column?.dataType.startsWith("number") === true) return Number(id);
  return id;
}
