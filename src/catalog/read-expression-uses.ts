import type { Transaction } from "./grants-json.js";
import type { CatalogScope } from "./read-catalog.js";
import type { ExpressionUse } from "./surroundings.js";

/**
 * Reads which functions, other than PostgreSQL's own and those of extensions, the stored expressions of the schemas
 * call. The trees are asked themselves, as for policies: an operator's function stands in no dependency.
 */
export function readExpressionUses(session: Transaction, scope: CatalogScope) {
  return session<ExpressionUse[]>`
    with expressions(schema, name, owner, "in", object, tree) as (
      select n.nspname, c.relname, c.relowner, 'index', ic.relname, concat(i.indexprs::text, ' ', i.indpred::text)
      from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_class c on c.oid = i.indrelid
      join pg_namespace n on n.oid = c.relnamespace
      where i.indexprs is not null or i.indpred is not null
      union all
      select n.nspname, coalesce(c.relname, t.typname), coalesce(c.relowner, t.typowner), 'check', k.conname, k.conbin::text
      from pg_constraint k join pg_namespace n on n.oid = k.connamespace
      left join pg_class c on c.oid = k.conrelid left join pg_type t on t.oid = k.contypid
      where k.contype = 'c'
      union all
      select n.nspname, c.relname, c.relowner, case a.attgenerated when '' then 'default' else 'generated column' end,
             a.attname, d.adbin::text
      from pg_attrdef d join pg_class c on c.oid = d.adrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
      union all
      select n.nspname, c.relname, c.relowner, 'partition key', c.relname, p.partexprs::text
      from pg_partitioned_table p join pg_class c on c.oid = p.partrelid join pg_namespace n on n.oid = c.relnamespace
      where p.partexprs is not null)
    select distinct x.schema, x.name, x."in", x.object, pg_get_userbyid(x.owner) as owner,
           jsonb_build_object(
             'schema', fn.nspname, 'name', f.proname, 'arguments', pg_get_function_identity_arguments(f.oid),
             'owner', pg_get_userbyid(f.proowner),
             'volatility', case f.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
             'securityDefiner', f.prosecdef, 'language', l.lanname, 'definition', pg_get_functiondef(f.oid),
             'body', coalesce(pg_get_function_sqlbody(f.oid), f.prosrc)) as calls
    from expressions x
    cross join lateral regexp_matches(x.tree, ':(?:funcid|opfuncid) (\\d+)', 'g') as found
    join pg_proc f on f.oid = found[1]::oid and f.prokind = 'f'
    join pg_namespace fn on fn.oid = f.pronamespace and fn.nspname <> 'pg_catalog'
    join pg_language l on l.oid = f.prolang
    where x.schema = any(${[...scope.schemas]})
      and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = f.oid and e.deptype = 'e')
    order by 1, 2, 3, 4`;
}
