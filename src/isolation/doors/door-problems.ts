import type { DatabaseFunction } from "../../catalog/catalog.js";
import { DOOR_SCHEMA } from "../../core/door-schema.js";
import type { Expected } from "../expected.js";
import { isSameStatement } from "../repair/compare-sql.js";
import { createDoorSql, doorParameters } from "./door-sql.js";
import type { ExpectedDoor } from "./expected-door.js";

/** A function by its schema, its name and the types of its parameters. */
type Named = Pick<DatabaseFunction, "schema" | "name" | "arguments">;

/** The door of the code that a function of the database is meant to be. */
export function findDoor({ doors }: Expected, made: Named): ExpectedDoor | undefined {
  if (made.schema !== DOOR_SCHEMA) return undefined;
  return doors.find((door) => door.name === made.name && doorParameters(door) === made.arguments);
}

/**
 * In what a function is not the door that the code demands; empty if it is. The parser of libpg-query must have been
 * loaded: a body is compared as syntax.
 */
export function doorProblems(door: ExpectedDoor, made: DatabaseFunction, expected: Expected): string[] {
  const owner = expected.settings.roles.door;
  const isClosed =
    made.grants.length === 1 &&
    made.grants[0]?.role === door.to &&
    made.grants[0].privileges.join() === "EXECUTE";
  return [
    ...(isSameStatement(made.definition, createDoorSql(door)) ? [] : ["it does not do what the schema says"]),
    ...(made.owner === owner ? [] : [`it belongs to ${made.owner} and not to ${owner}`]),
    ...(isClosed ? [] : [`others than ${door.to} may execute it, or ${door.to} may not`]),
  ];
}
