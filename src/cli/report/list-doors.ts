import type { Catalog } from "../../catalog/catalog.js";
import { tableSubject } from "../../catalog/facts.js";
import { DOOR_SCHEMA } from "../../core/door-schema.js";
import type { Expected } from "../../isolation/expected.js";
import type { ReportDoor } from "./report.js";

/** The doors that the schema declares, and whether the database has them. */
export function listDoors({ doors }: Expected, { functions }: Pick<Catalog, "functions">): ReportDoor[] {
  const made = new Set(functions.filter(({ schema }) => schema === DOOR_SCHEMA).map(({ name }) => name));
  return doors.map(({ name, schema, table, by, returns, to, reason }) => ({
    name,
    table: tableSubject(schema, table),
    by: by.map((column) => column.name),
    returns: (returns ?? []).map((column) => column.name),
    to,
    reason,
    exists: made.has(name),
  }));
}
