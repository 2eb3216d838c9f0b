import type { ShapeReference, TableShape } from "./table-shape.js";

/**
 * Tables after those that they refer to, and with those that have not been asked for but are referred to. Where
 * references go round in a circle, those that may be null give way.
 */
export function orderTables(
  tables: ReadonlyMap<string, TableShape>,
  wanted: readonly string[],
): TableShape[] {
  const ordered: TableShape[] = [];
  const seen = new Set<string>();
  const visit = (key: string) => {
    const shape = tables.get(key);
    if (shape === undefined || seen.has(key)) return;
    seen.add(key);
    for (const other of shape.after) visit(other);
    for (const isOptional of [false, true]) {
      for (const reference of shape.references) {
        const nullable = reference.columns.some(
          (name) => shape.columns.find((column) => column.name === name)?.notNull === false,
        );
        if (nullable === isOptional) visit(reference.foreignTable);
      }
    }
    ordered.push(shape);
  };
  for (const key of wanted) visit(key);
  return settle(ordered);
}

/** Depth first puts an optional reference of a circle before a needed one: moves tables after what they need. */
function settle(ordered: readonly TableShape[]): TableShape[] {
  const done: TableShape[] = [];
  const left = [...ordered];
  while (left.length > 0) {
    const lacks = (shape: TableShape, canWait: boolean) =>
      left.some(({ key }) => key !== shape.key && shape.after.includes(key)) ||
      neededReferences(shape).some(
        ({ foreignTable, deferrable }) =>
          !(deferrable && canWait) &&
          foreignTable !== shape.key &&
          left.some(({ key }) => key === foreignTable),
      );
    const free = left.findIndex((shape) => !lacks(shape, false));
    // In a circle of needed references, one that can wait is the place to begin: its keys are planned ahead.
    const next = free >= 0 ? free : left.findIndex((shape) => !lacks(shape, true));
    done.push(...left.splice(Math.max(next, 0), 1));
  }
  return done;
}

/** The references that no row can be without. */
export function neededReferences(shape: TableShape): ShapeReference[] {
  return shape.references.filter(({ columns }) =>
    columns.every((name) => shape.columns.find((column) => column.name === name)?.notNull === true),
  );
}

/** The keys of all tables of which a row must be there before one of this table, however indirectly. */
export function neededTables(tables: ReadonlyMap<string, TableShape>, shape: TableShape): Set<string> {
  const needed = new Set<string>();
  const visit = (one: TableShape) => {
    for (const key of [...neededReferences(one).map(({ foreignTable }) => foreignTable), ...one.after]) {
      if (needed.has(key)) continue;
      needed.add(key);
      const next = tables.get(key);
      if (next !== undefined) visit(next);
    }
  };
  visit(shape);
  return needed;
}
