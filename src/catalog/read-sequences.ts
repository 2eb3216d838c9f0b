import type { Transaction } from "./grants-json.js";
import { grantsJson } from "./grants-json.js";
import type { CatalogScope } from "./read-catalog.js";
import type { Sequence } from "./surroundings.js";

/** Reads the sequences of the schemas, and all others on which something was granted. */
export function readSequences(session: Transaction, scope: CatalogScope) {
  return session<Sequence[]>`
    select n.nspname as schema, c.relname as name, pg_get_userbyid(c.relowner) as owner,
           (select ${grantsJson(session, session`coalesce(c.relacl, acldefault('s', c.relowner))`, session`c.relowner`)}) as grants,
           (select jsonb_build_object('schema', tn.nspname, 'name', t.relname, 'column', a.attname)
            from pg_depend own join pg_class t on t.oid = own.refobjid join pg_namespace tn on tn.oid = t.relnamespace
            join pg_attribute a on a.attrelid = t.oid and a.attnum = own.refobjsubid
            where own.classid = 'pg_class'::regclass and own.objid = c.oid and own.refclassid = 'pg_class'::regclass
              and own.refobjsubid > 0 and own.deptype in ('a', 'i') limit 1) as column
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and (n.nspname = any(${[...scope.schemas]}) or c.relacl is not null)
      and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
    order by 1, 2`;
}
