import type { Session } from "../../postgres/connect.js";
import { tableKey } from "../rows/read-tables.js";

/** What a session has done to the rows of a table, by whatever way: statements, cascades, triggers. */
export type TouchedRows = {
  readonly schema: string;
  readonly name: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
};

/**
 * Reads the server's own counters of this session, for every table; partitions count as their topmost parent. Undefined where
 * the server does not count (`track_counts`).
 *
 * The counters go on from transaction to transaction until they are flushed, so a transaction's own work is a difference:
 * {@link subtractTouched}.
 */
export async function readTouchedRows(session: Session): Promise<readonly TouchedRows[] | undefined> {
  const [setting] = await session<{ on: boolean }[]>`select current_setting('track_counts')::bool as on`;
  if (setting?.on !== true) return undefined;
  return await session<TouchedRows[]>`
    select n.nspname as schema, r.relname as name,
           sum(pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid))::float8 as inserted,
           sum(pg_catalog.pg_stat_get_xact_tuples_updated(c.oid))::float8 as updated,
           sum(pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid))::float8 as deleted
    from pg_catalog.pg_class c
    join pg_catalog.pg_class r on r.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
    join pg_catalog.pg_namespace n on n.oid = r.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    group by 1, 2 order by 1, 2`;
}

/** What has been done between two readings, of tables to which something was done. */
export function subtractTouched(
  before: readonly TouchedRows[],
  after: readonly TouchedRows[],
): TouchedRows[] {
  const earlier = new Map(before.map((touched) => [tableKey(touched), touched]));
  return after.flatMap((touched) => {
    const old = earlier.get(tableKey(touched)) ?? { inserted: 0, updated: 0, deleted: 0 };
    const inserted = touched.inserted - old.inserted;
    const updated = touched.updated - old.updated;
    const deleted = touched.deleted - old.deleted;
    return inserted + updated + deleted === 0 ? [] : [{ ...touched, inserted, updated, deleted }];
  });
}
