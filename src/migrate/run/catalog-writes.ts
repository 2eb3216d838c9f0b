import type { Session } from "../../postgres/connect.js";

/**
 * The query that says how many catalog rows this connection has written: PostgreSQL counts what it inserts, updates and
 * deletes, table by table, savepoints that were rolled back included. The count only grows inside a transaction; if it is
 * the same at both ends, the transaction has changed nothing that an audit could see. It costs a few look-ups in memory,
 * where an audit reads the catalogs.
 *
 * The rows say `null` where the server does not count (`track_counts`): then nobody knows, and it is audited.
 */
export async function catalogWritesQuery(session: Session): Promise<string> {
  const [row] = await session.unsafe<{ oids: string }[]>(
    `select string_agg(oid::text, ',') as oids from pg_class
     where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r'
       and relname not in ('pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_largeobject_metadata')`,
  );
  return `select case when current_setting('track_counts')::bool then
    sum(pg_stat_get_xact_tuples_inserted(o) + pg_stat_get_xact_tuples_updated(o) + pg_stat_get_xact_tuples_deleted(o))
    end::text as writes from unnest('{${row?.oids ?? ""}}'::oid[]) as o`;
}

/** True if the catalog may have changed between two answers to {@link catalogWritesQuery}. */
export function hasWritten(before: unknown, after: unknown): boolean {
  return typeof before !== "string" || typeof after !== "string" || before !== after;
}
