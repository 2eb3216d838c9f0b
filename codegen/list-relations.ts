import { capitalize, plural, singular } from "./english.js";
import type { ForeignKeyModel, SchemaModel, TableModel } from "./schema-model.js";

/** One direction of a foreign key, as Drizzle's relational queries name it. */
export type RelationModel = {
  readonly name: string;
  readonly cardinality: "one" | "many";
  /** The table that has the relation, and the one that it leads to. */
  readonly from: TableModel;
  readonly to: TableModel;
  /** Properties of the two tables, opposite each other. */
  readonly fromProperties: readonly string[];
  readonly toProperties: readonly string[];
  /** False if there is always one. */
  readonly optional: boolean;
};

/**
 * The relations that foreign keys make, both ways. `documentId` becomes `document`; the other way it is the plural of
 * the source, followed by `By…` where two keys of one table refer to the same other. A name that a column has is not
 * taken. A comment above the foreign key overrides: `// tenantry-relation document / conversations`.
 */
export function listRelations(model: SchemaModel): RelationModel[] {
  const taken = new Map<TableModel, Set<string>>();
  const tables = [...model.tables].sort(byExportName);
  const links = tables.flatMap((table) =>
    [...table.foreignKeys]
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .flatMap((key) => {
        const target = tables.find(
          ({ schema, name }) => schema === key.foreignSchema && name === key.foreignTable,
        );
        return target === undefined ? [] : [{ table, key, target }];
      }),
  );
  for (const table of tables) taken.set(table, new Set(table.columns.map(({ property }) => property)));
  const take = (table: TableModel, wishes: readonly (string | undefined)[]): string => {
    const names = taken.get(table) ?? new Set();
    const wanted = wishes.filter((wish) => wish !== undefined);
    const last = wanted.at(-1) ?? "related";
    const numbered = Array.from({ length: names.size + 1 }, (_, index) => `${last}${index + 2}`);
    const name = [...wanted, ...numbered].find((wish) => !names.has(wish)) ?? last;
    names.add(name);
    return name;
  };
  // The names towards the referenced row first, of every table: they are the ones that people expect.
  const ones = links.map(({ table, key, target }): RelationModel => {
    const base = baseName(table, key);
    return {
      name: take(table, [
        key.relation?.one,
        base.replace(/(?<=.)(_?[Ii]d|_?[Uu]uid)$/, ""),
        `${base}${capitalize(singular(target.exportName))}`,
      ]),
      cardinality: "one",
      from: table,
      to: target,
      fromProperties: properties(table, key.columns),
      toProperties: properties(target, key.foreignColumns),
      optional: key.columns.some(
        (name) => table.columns.find((column) => column.name === name)?.notNull !== true,
      ),
    };
  });
  const back = links.map(({ table, key, target }, index): RelationModel => {
    const unique = isUnique(table, key);
    const single = links.filter((link) => link.table === table && link.target === target).length === 1;
    const own = unique ? singular(table.exportName) : plural(table.exportName);
    const told = `${own}By${capitalize(baseName(table, key).replace(/(?<=.)_?[Ii]d$/, ""))}`;
    return {
      name: take(target, [key.relation?.many, ...(single && table !== target ? [own] : []), told]),
      cardinality: unique ? "one" : "many",
      from: target,
      to: table,
      fromProperties: ones[index]?.toProperties ?? [],
      toProperties: ones[index]?.fromProperties ?? [],
      optional: true,
    };
  });
  return [...ones, ...back];
}

/** Sorts tables by the name that they are exported under. */
export function byExportName(one: TableModel, other: TableModel): number {
  return one.exportName < other.exportName ? -1 : 1;
}

/** The property of the column that tells references apart: the tenant column only where there is no other. */
function baseName(table: TableModel, key: ForeignKeyModel): string {
  const tenant = table.declaration?.tenantColumn;
  const others = key.columns.filter((name) => name !== tenant);
  const [base] = properties(table, others.length === 0 ? key.columns : others);
  return base ?? "related";
}

function properties(table: TableModel, columns: readonly string[]): string[] {
  return columns.map((name) => table.columns.find((column) => column.name === name)?.property ?? name);
}

/** True if no two rows can refer to the same one. */
function isUnique(table: TableModel, key: ForeignKeyModel): boolean {
  return table.keys.some(
    ({ kind, partial, columns }) =>
      kind !== "index" &&
      !partial &&
      columns.every((name) => name !== undefined && key.columns.includes(name)),
  );
}
