/** The schema that holds tenantry's own functions and its run log. Services get no USAGE on it. */
export const ENGINE_SCHEMA = "tenantry";
