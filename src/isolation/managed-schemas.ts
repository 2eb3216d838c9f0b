import type { Expected } from "./expected.js";

/** The schemas in which the code declares tables and views. */
export function managedSchemas(expected: Expected): string[] {
  return [...new Set([...expected.tables, ...expected.views].map(({ schema }) => schema))].sort();
}
