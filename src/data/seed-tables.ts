import { getColumns, is } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { declarationOf } from "../rls/table-declaration.js";

/** A foreign key by property names, the tenant column left out on both sides. */
export type SeedReference = {
  readonly columns: readonly string[];
  readonly foreignTable: PgTable;
  readonly foreignColumns: readonly string[];
  readonly isNullable: boolean;
};

/** A table into which a service may insert, as the seeder needs it. */
export type SeededTable = {
  readonly table: PgTable;
  /** The name in the database. */
  readonly name: string;
  /** The names by which a seed module may call it. */
  readonly names: readonly string[];
  readonly isRoot: boolean;
  readonly columns: Readonly<Record<string, PgColumn>>;
  /** The property of the tenant column. */
  readonly tenantProperty: string;
  /** To tables of the same tenant, and to global ones. */
  readonly references: readonly SeedReference[];
};

/**
 * The tables to seed, each after those that it refers to. Global tables and those that services cannot write are not
 * among them, nor the audit log, which the triggers fill.
 *
 * @param exports the schema's exports, keys as `loadSchema` makes them (`0:documents`).
 * @throws TenantryError `schema-invalid` if tables refer to each other in a circle of columns that are not null.
 */
export function listSeededTables(exports: Readonly<Record<string, unknown>>): SeededTable[] {
  const names = new Map<PgTable, string[]>();
  for (const [key, value] of Object.entries(exports)) {
    if (is(value, PgTable)) names.set(value, [...(names.get(value) ?? []), key.replace(/^\d+:/, "")]);
  }
  return sortByReferences([...names].flatMap(([table, exported]) => readTable(table, exported)));
}

function readTable(table: PgTable, exported: readonly string[]): SeededTable[] {
  // Drizzle evaluates what was declared only now.
  const config = getTableConfig(table);
  const declaration = declarationOf(table);
  const { tenantColumn } = declaration ?? {};
  if (declaration === undefined || tenantColumn === undefined || declaration.auditLog !== undefined)
    return [];
  if (!declaration.commands.includes("insert")) return [];
  const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
  return [
    {
      table,
      name: config.name,
      names: [...exported, config.name],
      isRoot: declaration.kind === "root",
      columns,
      tenantProperty: propertyOf(columns, tenantColumn),
      references: config.foreignKeys.flatMap((key) => {
        const { columns: local, foreignColumns, foreignTable } = key.reference();
        const foreign: Readonly<Record<string, PgColumn>> = getColumns(foreignTable);
        const pairs = local.flatMap((column, index) => {
          const target = foreignColumns[index];
          return column.name === tenantColumn || target === undefined ? [] : [{ column, target }];
        });
        if (pairs.length === 0) return [];
        return [
          {
            columns: pairs.map(({ column }) => propertyOf(columns, column.name)),
            foreignTable,
            foreignColumns: pairs.map(({ target }) => propertyOf(foreign, target.name)),
            isNullable: pairs.every(({ column }) => !column.notNull),
          },
        ];
      }),
    },
  ];
}

function propertyOf(columns: Readonly<Record<string, PgColumn>>, name: string): string {
  return Object.entries(columns).find(([, column]) => column.name === name)?.[0] ?? name;
}

function sortByReferences(tables: readonly SeededTable[]): SeededTable[] {
  const sorted: SeededTable[] = [];
  let left = [...tables].sort((a, b) => Number(b.isRoot) - Number(a.isRoot) || (a.name < b.name ? -1 : 1));
  while (left.length > 0) {
    const waitsFor = (reference: SeedReference, table: SeededTable) =>
      reference.foreignTable !== table.table && left.some((other) => other.table === reference.foreignTable);
    const next =
      left.find((table) => !table.references.some((reference) => waitsFor(reference, table))) ??
      // In a circle, a reference that may be null is left null.
      left.find((table) => !table.references.some((one) => !one.isNullable && waitsFor(one, table)));
    if (next === undefined) {
      throw new TenantryError({
        code: "schema-invalid",
        message: `The tables ${left.map(({ name }) => name).join(", ")} cannot be seeded: each needs a row of another first.`,
        hint: "Make one of the references nullable, or seed these tables yourself.",
      });
    }
    sorted.push(next);
    left = left.filter((table) => table !== next);
  }
  return sorted;
}
