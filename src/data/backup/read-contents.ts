import { qualify, quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Manifest } from "../backup-file/manifest.js";

const OUTSIDE = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";
const NO_EXTENSION =
  "not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')";

/** Every partition, with what makes it one, parents before children. */
export async function readPartitions(session: Session): Promise<Manifest["partitions"]> {
  return await session.unsafe<Manifest["partitions"]>(`
    select n.nspname as schema, c.relname as name, json_build_object('schema', pn.nspname, 'name', p.relname) as parent,
      pg_get_expr(c.relpartbound, c.oid) as bound, pg_get_partkeydef(c.oid) as key,
      c.relrowsecurity as "rowSecurity", c.relforcerowsecurity as forced
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_inherits i on i.inhrelid = c.oid
    join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace
    where c.relispartition and c.relkind in ('r', 'p') and ${OUTSIDE} and ${NO_EXTENSION}
    order by (select count(*) from pg_partition_ancestors(c.oid)), 1, 2`);
}

/** Every sequence, with where it stands. */
export async function readSequenceValues(session: Session): Promise<Manifest["sequences"]> {
  const found = await session.unsafe<{ schema: string; name: string }[]>(`
    select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.relpersistence <> 't' and ${OUTSIDE} and ${NO_EXTENSION} order by 1, 2`);
  if (found.length === 0) return [];
  const values = await session.unsafe<{ number: number; lastValue: string; isCalled: boolean }[]>(
    found
      .map(
        ({ schema, name }, number) =>
          `select ${number} as number, last_value::text as "lastValue", is_called as "isCalled" from ${qualify(schema, name)}`,
      )
      .join(" union all "),
  );
  return values.flatMap(({ number, lastValue, isCalled }) => {
    const sequence = found[number];
    return sequence === undefined ? [] : [{ ...sequence, lastValue, isCalled }];
  });
}

/** A sequence or a materialized view. */
export type BesideTables = {
  readonly schema: string;
  readonly name: string;
  /** The table to one of whose columns a sequence belongs. */
  readonly owner: { readonly schema: string; readonly name: string } | null;
};

/** Every sequence and materialized view. */
export async function readBesideTables(session: Session): Promise<BesideTables[]> {
  return await session.unsafe<BesideTables[]>(`
    select n.nspname as schema, c.relname as name,
      (select json_build_object('schema', tn.nspname, 'name', t.relname)
       from pg_depend d join pg_class t on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace
       where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
         and d.deptype in ('a', 'i') and c.relkind = 'S') as owner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('S', 'm') and c.relpersistence <> 't' and ${OUTSIDE} and ${NO_EXTENSION} order by 1, 2`);
}

/** The materialized views that have rows, those that others read first. */
export async function readMaterializedViews(session: Session): Promise<Manifest["materializedViews"]> {
  return await session.unsafe<Manifest["materializedViews"]>(`
    select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and c.relispopulated and ${OUTSIDE} and ${NO_EXTENSION} order by c.oid`);
}

/** How the database was made. */
export async function readDatabaseFacts(session: Session): Promise<Manifest["database"]> {
  const [row] = await session.unsafe<Manifest["database"][]>(`
    select d.datname as name, pg_encoding_to_char(d.encoding) as encoding, d.datlocprovider as provider,
      d.datcollate as collate, d.datctype as ctype,
      coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') as locale
    from pg_database d where d.datname = current_database()`);
  if (row === undefined) throw new Error("pg_database has no row for current_database()");
  return row;
}

const OF_EXTENSION = "its tables are made by the extension: ";

/** True of what is left out since an extension makes it: `create extension` does so again. */
export function isOfExtension({ reason }: { readonly reason: string }): boolean {
  return reason.startsWith(OF_EXTENSION);
}

/** Tables and the like that a backup never has, with the reason. */
export async function readNeverIncluded(session: Session): Promise<Manifest["leftOut"]> {
  return await session.unsafe<Manifest["leftOut"]>(`
    select 'extension ' || x.extname as name,
      ${quoteLiteral(OF_EXTENSION)} || string_agg(c.relname, ', ' order by c.relname) as reason
    from pg_extension x
    join pg_depend e on e.refclassid = 'pg_extension'::regclass and e.refobjid = x.oid and e.deptype = 'e'
    join pg_class c on e.classid = 'pg_class'::regclass and c.oid = e.objid and c.relkind in ('r', 'p')
    group by 1
    union all
    select n.nspname || '.' || c.relname, 'a foreign table: its rows are on another server'
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'f' and ${OUTSIDE}
    order by 1`);
}

/** How many large objects there are. */
export async function countLargeObjects(session: Session): Promise<number> {
  const [row] = await session.unsafe<{ count: number }[]>(
    "select count(*)::int as count from pg_largeobject_metadata",
  );
  return row?.count ?? 0;
}
