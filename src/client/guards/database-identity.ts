/** An expression that says which database it is: the same by every name of its host, and on its replicas. */
export const DATABASE_IDENTITY_SQL = `(select system_identifier::text from pg_catalog.pg_control_system()) || '/' ||
    (select oid::text from pg_catalog.pg_database where datname = pg_catalog.current_database())`;
