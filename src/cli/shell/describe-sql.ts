import { quoteLiteral } from "../../core/identifiers.js";

/** A query and what to write above its rows. */
export type TitledQuery = { readonly title: string; readonly sql: string };

/** The tables, each with the state of its row security. */
export const TABLES_SQL = `
select n.nspname as "Schema", c.relname as "Name", pg_get_userbyid(c.relowner) as "Owner",
       case when c.relrowsecurity then 'on' else 'off' end as "Row security",
       case when c.relforcerowsecurity then 'yes' else 'no' end as "Forced",
       (select count(*) from pg_policy p where p.polrelid = c.oid) as "Policies"
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
order by 1, 2`;

/**
 * What a relation is and how it is protected: asks for its title first, which is no row if there is no such relation.
 *
 * @param name as it would stand in a statement: `documents`, `app."My table"`.
 */
export function relationSql(name: string): string {
  return `
select case c.relkind when 'r' then 'Table' when 'p' then 'Partitioned table' when 'v' then 'View'
                      when 'm' then 'Materialized view' when 'i' then 'Index' when 'S' then 'Sequence'
                      when 'f' then 'Foreign table' else 'Relation' end
       || ' ' || c.oid::regclass || ', owner ' || pg_get_userbyid(c.relowner)
       || case when c.relkind not in ('r', 'p') then ''
               else ', row security ' || case when c.relrowsecurity then 'on' else 'off' end
                    || case when c.relforcerowsecurity then ', forced' else ', not forced' end end
from pg_class c where c.oid = to_regclass(${quoteLiteral(name)})`;
}

/** The parts of a relation that exists; those without rows need not be shown. */
export function relationParts(name: string): TitledQuery[] {
  const oid = `to_regclass(${quoteLiteral(name)})`;
  return [
    {
      title: "",
      sql: `
select a.attname as "Column", format_type(a.atttypid, a.atttypmod) as "Type",
       case when a.attnotnull then 'not null' end as "Nullable",
       pg_get_expr(d.adbin, d.adrelid) as "Default"
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    },
    {
      title: "Indexes",
      sql: `
select c.relname as "Name", pg_get_indexdef(c.oid) as "Definition"
from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = ${oid} order by 1`,
    },
    {
      title: "Constraints",
      sql: `
select conname as "Name", pg_get_constraintdef(oid) as "Definition"
from pg_constraint where conrelid = ${oid} and contype <> 'n' order by contype, 1`,
    },
    {
      title: "Policies",
      sql: `
select polname as "Name", case when polpermissive then 'permissive' else 'restrictive' end as "Kind",
       case polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                   when 'd' then 'delete' end as "For",
       (select string_agg(case role when 0 then 'public' else pg_get_userbyid(role)::text end, ', ') from unnest(polroles) role) as "To",
       pg_get_expr(polqual, polrelid) as "Using", pg_get_expr(polwithcheck, polrelid) as "With check"
from pg_policy where polrelid = ${oid} order by 1`,
    },
    {
      title: "Triggers",
      sql: `
select tgname as "Name", pg_get_triggerdef(oid) as "Definition"
from pg_trigger where tgrelid = ${oid} and not tgisinternal order by 1`,
    },
  ].map((part) => ({ ...part, sql: part.sql.trim() }));
}
