import { factKey } from "../../catalog/facts.js";
import { DOOR_SCHEMA } from "../../core/door-schema.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Demand } from "../demands.js";
import type { Expected } from "../expected.js";
import { closeDoorSql, createDoorSql, doorColumns, doorParameters, doorSignature } from "./door-sql.js";
import type { ExpectedDoor } from "./expected-door.js";

/** The columns that the door role may read, and of no table more. */
export function doorGrants(expected: Expected): Demand[] {
  const role = expected.settings.roles.door;
  const wanted = new Map<string, Demand>();
  for (const door of expected.doors) {
    const place = qualify(door.schema, door.table);
    for (const column of doorColumns(door)) {
      const key = factKey.columnGrant(door.schema, door.table, column, role);
      const columns = quoteIdentifier(column);
      wanted.set(key, {
        key,
        phase: "after",
        clear: [`revoke all (${columns}) on ${place} from ${quoteIdentifier(role)}`],
        make: [`grant select (${columns}) on ${place} to ${quoteIdentifier(role)}`],
      });
    }
  }
  return [...wanted.values()];
}

/** The schema of the doors. */
export function doorSchema(): Demand {
  return {
    key: factKey.schema(DOOR_SCHEMA),
    phase: "before",
    clear: [],
    make: [`create schema if not exists ${quoteIdentifier(DOOR_SCHEMA)}`],
  };
}

/** The function of a door, with its owner and its grants: they are one fact. */
export function doorDemand(expected: Expected, door: ExpectedDoor): Demand {
  return {
    key: factKey.function(DOOR_SCHEMA, door.name, doorParameters(door)),
    phase: "after",
    // Not replaced: that would keep the grants, and only the owner could.
    clear: [`drop function if exists ${doorSignature(door)}`],
    make: [createDoorSql(door), ...closeDoorSql(door, expected.settings.roles.door)],
  };
}

/** The roles that may call doors, each once. */
export function doorCallers(expected: Expected): string[] {
  return [...new Set(expected.doors.map(({ to }) => to))];
}
