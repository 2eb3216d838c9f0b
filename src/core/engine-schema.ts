/** The schema that holds tenantry's own functions and its run log. Services get no USAGE on it. */
export const ENGINE_SCHEMA = "tenantry";

/** Our own tables in it, and their sequence: no migration makes them, and nothing that judges or compares a database reads them. */
export const ENGINE_TABLES: readonly string[] = [
  "runs",
  "run_migrations",
  "checkpoints",
  "meta",
  "runs_id_seq",
];
