import { z } from "zod";
import { codeOf } from "../../core/errors.js";
import type { Database, Session } from "../../postgres/connect.js";

/** How large a table of the target is; a partitioned one with all its partitions. */
export type TableSize = {
  /** As findings name it: without `public`. */
  readonly table: string;
  /** An estimate, from the statistics; null if there are none. */
  readonly rows: number | null;
  /** With indexes and TOAST; an estimate, without them, where somebody holds the table locked. */
  readonly bytes: number;
};

const sizes = z.array(
  z.object({ id: z.string(), rows: z.coerce.number().nullable(), bytes: z.coerce.number() }),
);

/** Whoever waits for ACCESS EXCLUSIVE blocks the functions that tell a size: give up soon, and estimate. */
const LOCK_TIMEOUT = "set local lock_timeout = '1s'; set local statement_timeout = '15s'";

/**
 * The sizes of tables, by their ids. Nothing is changed, and nobody is kept waiting.
 *
 * Rows are estimated as the planner does: from the last ANALYZE, scaled to the table's present size, else from what the
 * statistics have counted since.
 */
export async function readTargetTables(
  database: Database,
  tables: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, TableSize>> {
  if (tables.size === 0) return new Map();
  const ask = (sql: string) =>
    database.begin("read only", async (session) => {
      await session.unsafe(LOCK_TIMEOUT).simple();
      return await readSizes(session, sql, [...tables.values()]);
    });
  const found = await ask(EXACT).catch((thrown: unknown) => {
    // Locked, or too slow: 55P03, 57014.
    if (codeOf(thrown) === "55P03" || codeOf(thrown) === "57014") return ask(ESTIMATED);
    throw thrown;
  });
  const byId = new Map(found.map((one) => [one.id, one]));
  return new Map(
    [...tables].flatMap(([table, id]) => {
      const size = byId.get(id);
      return size === undefined ? [] : [[table, { table, rows: size.rows, bytes: size.bytes }]];
    }),
  );
}

async function readSizes(session: Session, sql: string, ids: readonly string[]) {
  return sizes.parse(await session.unsafe(sql, [[...ids]]));
}

const leaves = `
  with leaves as (
    select a.id, coalesce(p.relid::oid, a.id) as leaf
    from unnest($1::text[]::oid[]) as a(id)
    left join lateral (select relid from pg_partition_tree(a.id) where isleaf) p on true)`;

const STATISTICS = "nullif(pg_stat_get_live_tuples(c.oid), 0)";

const EXACT = `${leaves}
  select l.id::text as id, coalesce(sum(pg_total_relation_size(c.oid)), 0)::text as bytes,
    round(sum(case
      when c.reltuples >= 0 and c.relpages > 0
        then c.reltuples::float8 / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::int)
      when pg_relation_size(c.oid) = 0 then 0
      else ${STATISTICS} end))::text as rows
  from leaves l join pg_class c on c.oid = l.leaf group by l.id`;

const ESTIMATED = `${leaves}
  select l.id::text as id, coalesce(sum(c.relpages::bigint * current_setting('block_size')::int), 0)::text as bytes,
    round(sum(case when c.reltuples >= 0 and c.relpages > 0 then c.reltuples else ${STATISTICS} end))::text as rows
  from leaves l join pg_class c on c.oid = l.leaf group by l.id`;
