import { quoteLiteral } from "../../../core/identifiers.js";
import type { ProbeWorld } from "../probe.js";

/** A view or materialized view, as the service sees it. */
export type View = {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  /** The columns that the service may read, as one SQL text. */
  readonly readable: string | null;
  /** A column that the service may change. */
  readonly writable: string | null;
  /** The columns into which the service may write new rows. */
  readonly insertable: readonly string[];
  /** Its query, as the server prints it. */
  readonly definition: string | null;
  /** The keys of the tables below it, however deep. */
  readonly sources: readonly string[];
};

/** The views that the service may use in any way, those of extensions left out. */
export async function listViews({ session, expected }: ProbeWorld): Promise<readonly View[]> {
  const role = quoteLiteral(expected.settings.roles.tenant);
  const rows = await session.owner(`
    with recursive below as (
      select c.oid as view, c.oid as id, c.relkind from pg_class c where c.relkind in ('v', 'm')
      union
      select below.view, s.oid, s.relkind from below
        join pg_rewrite r on r.ev_class = below.id
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
        join pg_class s on s.oid = d.refobjid
      where below.relkind in ('v', 'm'))
    select n.nspname as schema, c.relname as name, c.relkind::text as kind,
      (select 'array_to_string(array[' || string_agg(format('v.%I::text', attname), ', ' order by attnum) || '], '' '', ''~'')'
         from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
          and has_column_privilege(${role}, c.oid, attnum, 'select')) as readable,
      (select quote_ident(attname) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
          and has_column_privilege(${role}, c.oid, attnum, 'update') order by attnum desc limit 1) as writable,
      (select coalesce(json_agg(attname::text order by attnum), '[]')::text
         from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
          and has_column_privilege(${role}, c.oid, attnum, 'insert')) as insertable,
      pg_get_viewdef(c.oid, true) as definition,
      (select coalesce(json_agg(distinct json_build_array(sn.nspname, s.relname)::text), '[]')::text
         from below join pg_class s on s.oid = below.id join pg_namespace sn on sn.oid = s.relnamespace
        where below.view = c.oid) as sources
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and has_schema_privilege(${role}, n.oid, 'usage')
      and (has_any_column_privilege(${role}, c.oid, 'select, insert, update') or has_table_privilege(${role}, c.oid, 'delete'))
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by 1, 2`);
  return rows.map((row) => ({
    schema: row.schema ?? "",
    name: row.name ?? "",
    kind: row.kind ?? "",
    readable: row.readable ?? null,
    writable: row.writable ?? null,
    insertable: names(row.insertable),
    definition: row.definition ?? null,
    sources: names(row.sources).map((key) => JSON.stringify(JSON.parse(key))),
  }));
}

function names(json: string | null | undefined): string[] {
  const list: unknown = JSON.parse(json ?? "[]");
  return Array.isArray(list) ? list.map(String) : [];
}
