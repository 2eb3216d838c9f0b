/** The schema that holds the doors and nothing else: services get USAGE on it, and nobody CREATE. */
export const DOOR_SCHEMA = "tenantry_doors";
