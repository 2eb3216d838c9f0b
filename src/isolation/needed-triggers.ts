import { ENGINE_TRIGGERS } from "./demands.js";
import type { Expected, ExpectedTable } from "./expected.js";

/** The names of the completion's triggers that a table must have. */
export function neededTriggers(expected: Expected, { declaration, columns }: ExpectedTable): string[] {
  if (declaration === undefined) return [];
  const column = expected.settings.updatedAtColumn;
  return [
    ...(declaration.audit ? [ENGINE_TRIGGERS.audit] : []),
    ...(column !== false && columns.includes(column) ? [ENGINE_TRIGGERS.touch] : []),
  ];
}
