import { z } from "zod";
import { tableSubject } from "../../catalog/facts.js";
import type { Session } from "../../postgres/connect.js";

/** A table, view, sequence or index of the shadow at one moment. */
export type ShadowRelation = {
  readonly id: string;
  /** As findings name it: without `public`. */
  readonly name: string;
  readonly schema: string;
  readonly bareName: string;
  /** pg_class.relkind. */
  readonly kind: string;
  /** The file with its rows; another one after a rewrite. Null without storage. */
  readonly file: string | null;
  /** Of an index: the id of its table. */
  readonly indexOf: string | null;
  /** Of a partition or an inheritance child: the id of its (first) parent. */
  readonly childOf: string | null;
};

const rows = z.array(
  z.object({
    id: z.string(),
    schema: z.string(),
    name: z.string(),
    kind: z.string(),
    file: z.string().nullable(),
    indexOf: z.string().nullable(),
    childOf: z.string().nullable(),
  }),
);

/** PostgreSQL's own, and every session's temporary tables. */
const OF_USERS = "n.nspname <> 'information_schema' and n.nspname !~ '^pg_'";

/** Everything in schemas of users, by its id, as this transaction sees it. */
export async function readRelations(session: Session): Promise<ReadonlyMap<string, ShadowRelation>> {
  const found = rows.parse(
    await session.unsafe(`
      select c.oid::text as id, n.nspname as schema, c.relname as name, c.relkind as kind,
        nullif(pg_relation_filenode(c.oid), 0)::text as file, i.indrelid::text as "indexOf",
        (select min(h.inhparent::bigint)::text from pg_inherits h where h.inhrelid = c.oid) as "childOf"
      from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_index i on i.indexrelid = c.oid
      where ${OF_USERS} and c.relkind not in ('c', 't')`),
  );
  return new Map(
    found.map(({ name, ...relation }) => [
      relation.id,
      { ...relation, bareName: name, name: tableSubject(relation.schema, name) },
    ]),
  );
}

const counts = z.array(z.object({ id: z.string(), scans: z.coerce.number() }));

/**
 * How often this backend has begun to read each table from end to end, counted since it last reported: only differences
 * inside one transaction mean something. Empty tables count, too.
 */
export async function readScans(session: Session): Promise<ReadonlyMap<string, number>> {
  const found = counts.parse(
    await session.unsafe(`
      select c.oid::text as id, pg_stat_get_xact_numscans(c.oid) as scans
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${OF_USERS} and c.relkind in ('r', 'm', 'p') and pg_stat_get_xact_numscans(c.oid) > 0`),
  );
  return new Map(found.map(({ id, scans }) => [id, scans]));
}

const held = z.array(z.object({ id: z.string(), mode: z.string() }));

/** The locks on relations that this backend holds: their ids, and modes as `pg_locks` names them. */
export async function readHeldLocks(session: Session): Promise<readonly { id: string; mode: string }[]> {
  return held.parse(
    await session.unsafe(`
      select relation::text as id, mode from pg_locks
      where pid = pg_backend_pid() and locktype = 'relation' and granted
        and database = (select oid from pg_database where datname = current_database())`),
  );
}
