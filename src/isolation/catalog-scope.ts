import type { CatalogScope } from "../catalog/read-catalog.js";
import { DOOR_SCHEMA } from "../core/door-schema.js";
import { ENGINE_SCHEMA } from "../core/engine-schema.js";
import { doorCallers } from "./doors/door-demands.js";
import type { Expected } from "./expected.js";
import { managedSchemas } from "./managed-schemas.js";

/** The part of a catalog that the code makes demands on: its schemas, our own, and the three roles. */
export function catalogScope(expected: Expected): CatalogScope {
  return {
    schemas: [...new Set([...managedSchemas(expected), ENGINE_SCHEMA, DOOR_SCHEMA])],
    roles: [...new Set([...Object.values(expected.settings.roles), ...doorCallers(expected)])],
  };
}
