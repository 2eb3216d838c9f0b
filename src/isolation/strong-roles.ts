/** Predefined roles that reach other tenants' rows, or what other sessions ask, or the server itself. */
export const STRONG_ROLES: ReadonlySet<string> = new Set([
  "pg_read_all_data",
  "pg_write_all_data",
  "pg_monitor",
  "pg_read_all_stats",
  "pg_stat_scan_tables",
  "pg_read_server_files",
  "pg_write_server_files",
  "pg_execute_server_program",
  "pg_maintain",
  "pg_create_subscription",
  // What hosts give in place of a superuser: Amazon, Google, Microsoft, Neon and Supabase.
  "rds_superuser",
  "rds_replication",
  "cloudsqlsuperuser",
  "alloydbsuperuser",
  "azure_pg_admin",
  "neon_superuser",
  "supabase_admin",
]);
