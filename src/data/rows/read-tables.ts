import type { Session } from "../../postgres/connect.js";

/** A table that holds rows of its own: no partition, which its root speaks for. */
export type TableShape = {
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Keys of the tables that its foreign keys refer to, without itself. */
  readonly refersTo: readonly string[];
  /** True if the role that asks may read it. */
  readonly readable: boolean;
  /** True if row security would hide rows of it from the role that asks. */
  readonly bound: boolean;
};

/** What tells a table from all others of its database. */
export function tableKey({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

/** Reads every table but PostgreSQL's own, temporary ones, and those of extensions. */
export async function readTables(session: Session): Promise<TableShape[]> {
  const rows = await session.unsafe<(Omit<TableShape, "refersTo"> & { refers: [string, string][] })[]>(`
    select n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned,
      has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable,
      row_security_active(c.oid) as bound,
      (select coalesce(json_agg(json_build_object('name', a.attname, 'type',
           case when tn.nspname = 'pg_catalog' then format_type(a.atttypid, a.atttypmod)
                else format('%s.%s', tn.nspname, t.typname) end) order by a.attnum), '[]')
       from pg_attribute a join pg_type t on t.oid = a.atttypid join pg_namespace tn on tn.oid = t.typnamespace
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      (select coalesce(json_agg(distinct jsonb_build_array(fn.nspname, f.relname)), '[]')
       from pg_constraint k
       join pg_class f on f.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid)
       join pg_namespace fn on fn.oid = f.relnamespace
       where k.contype = 'f' and coalesce(pg_partition_root(k.conrelid), k.conrelid) = c.oid and f.oid <> c.oid) as refers
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
    order by 1, 2`);
  return rows.map(({ refers, ...table }) => ({
    ...table,
    refersTo: refers.map(([schema, name]) => tableKey({ schema, name })),
  }));
}

/** Tables after those that they refer to; where references go round in a circle, by their names (pure). */
export function orderByReferences<T extends Pick<TableShape, "schema" | "name" | "refersTo">>(
  tables: readonly T[],
): T[] {
  const left = new Map(tables.map((table) => [tableKey(table), table]));
  const ordered: T[] = [];
  while (left.size > 0) {
    const free = [...left].filter(([, { refersTo }]) => !refersTo.some((key) => left.has(key)));
    const next = free.length > 0 ? free : [...left].slice(0, 1);
    for (const [key, table] of next) {
      ordered.push(table);
      left.delete(key);
    }
  }
  return ordered;
}
