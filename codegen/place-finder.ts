import type { Place } from "./schema-model.js";
import type { ExtraSource, TableSource } from "./table-source.js";

/** Finds where a part of a loaded table stands in its source. */
export type PlaceFinder = {
  readonly table: Place | undefined;
  /** By the column's name in the database. */
  readonly column: (name: string) => Place | undefined;
  /**
   * An element of the extra configuration: by its name, or else by the columns that it mentions. The place of the whole
   * table where no element can be told apart; a fallback takes the place of all guessing.
   *
   * @param functions the functions that make such an element.
   */
  readonly extra: (
    functions: readonly string[],
    name: string,
    columns?: readonly (string | undefined)[],
    fallback?: Place | undefined,
  ) => Place | undefined;
};

/**
 * @param source undefined if nobody knows where the table was made; `fallback` then stands for all its parts.
 * @param properties the table's property for each column, by the column's name in the database.
 */
export function createPlaceFinder(
  source: TableSource | undefined,
  fallback: Place | undefined,
  properties: ReadonlyMap<string, string>,
): PlaceFinder {
  const table = source?.place ?? fallback;
  return {
    table,
    column: (name) => {
      const property = properties.get(name);
      return property === undefined ? table : (source?.columnPlace(property) ?? table);
    },
    extra: (functions, name, columns, fallback) => {
      const candidates = (source?.extras ?? []).filter(({ calls }) => functions.includes(calls[0] ?? ""));
      const wanted = (columns ?? []).flatMap((column) =>
        column === undefined ? [] : (properties.get(column) ?? []),
      );
      const told =
        candidates.find((extra) => extra.name === name) ??
        candidates.find((extra) => extra.name === undefined && mentions(extra, wanted));
      if (told !== undefined || fallback !== undefined) return told?.place ?? fallback;
      const found =
        // A reference to the tenant root names no column of its own.
        candidates.find((extra) => extra.name === undefined && extra.properties.length === 0) ??
        (candidates.length === 1 ? candidates[0] : undefined);
      return found?.place ?? table;
    },
  };
}

/** True if the columns, and in their order, are the first that an element mentions. */
function mentions(extra: ExtraSource, wanted: readonly string[]): boolean {
  const own = extra.properties.filter((property) => wanted.includes(property));
  return wanted.length > 0 && wanted.every((property, index) => own[index] === property);
}
