import { ENGINE_SCHEMA, ENGINE_TABLES } from "../core/engine-schema.js";
import type { Database } from "../postgres/connect.js";
import type { Catalog, DatabaseFunction, Relation, Role, Structure } from "./catalog.js";
import type { Fragment, Transaction } from "./grants-json.js";
import { grantsJson } from "./grants-json.js";
import { restoreOutput, saveOutput, setPlainOutput } from "./plain-output.js";
import { readSurroundings } from "./read-surroundings.js";

/** Which part of a database to read. */
export type CatalogScope = {
  readonly schemas: readonly string[];
  /** The roles to describe; those that do not exist are left out. */
  readonly roles: readonly string[];
};

/**
 * Reads what a database really has, in one round trip. PostgreSQL prints every name with its schema, so that two
 * databases can be compared text by text: the search path is PostgreSQL's own meanwhile.
 *
 * @param database a pool, for a transaction of its own; or a transaction that is open, which is left as it was.
 */
export async function readCatalog(database: Database | Transaction, scope: CatalogScope): Promise<Catalog> {
  if ("begin" in database) {
    return await database.begin("isolation level repeatable read read only", (session) =>
      readAll(session, scope),
    );
  }
  const session: Transaction = database;
  const saved = saveOutput(session);
  const [catalog] = await Promise.all([readAll(session, scope), saved]);
  await restoreOutput(session);
  return catalog;
}

async function readAll(session: Transaction, scope: CatalogScope): Promise<Catalog> {
  // Started at once, since a query of postgres.js is sent only when somebody waits for it.
  const plain = setPlainOutput(session);
  const [{ relations, ...structure }, around] = await Promise.all([
    readStructure(session, scope),
    readSurroundings(session, scope),
    plain,
  ]);
  const isAsked = ({ schema }: Relation) => scope.schemas.includes(schema);
  return {
    ...structure,
    relations: relations.filter(isAsked),
    around: { ...around, elsewhere: relations.filter((relation) => !isAsked(relation)) },
  };
}

/**
 * The part of a catalog of which facts are made, and the relations elsewhere that were granted; queries that are sent
 * together, on a transaction whose search path is set.
 */
export async function readStructure(session: Transaction, scope: CatalogScope): Promise<Structure> {
  const wanted = [...scope.schemas];
  const [schemas, relations, functions, enums, roles] = await Promise.all([
    session<Catalog["schemas"][number][]>`
          select nspname as name,
                 (select ${grantsJson(session, session`coalesce(nspacl, acldefault('n', nspowner))`, session`nspowner`)}) as grants
          from pg_namespace where nspname = any(${wanted}) order by nspname`,
    readRelations(session, scope),
    session<DatabaseFunction[]>`
          select n.nspname as schema, p.proname as name, pg_get_function_identity_arguments(p.oid) as arguments,
                 pg_get_functiondef(p.oid) as definition, p.prosecdef as "securityDefiner",
                 pg_get_userbyid(p.proowner) as owner,
                 (select ${grantsJson(session, session`coalesce(p.proacl, acldefault('f', p.proowner))`, session`p.proowner`)}) as grants
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where n.nspname = any(${wanted}) and p.prokind in ('f', 'p')
            and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
          order by 1, 2, 3`,
    session<Catalog["enums"][number][]>`
          select n.nspname as schema, t.typname as name, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
          from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_enum e on e.enumtypid = t.oid
          where n.nspname = any(${wanted}) group by 1, 2 order by 1, 2`,
    session<Role[]>`
          select rolname as name, rolsuper as superuser, rolbypassrls as "bypassesRowSecurity", rolcanlogin as "canLogin",
                 rolcreaterole as "createsRoles", rolcreatedb as "createsDatabases", rolreplication as replication
          from pg_roles where rolname = any(${[...scope.roles]}) order by rolname`,
  ]);
  return { schemas, relations, functions, enums, roles };
}

/** True of the roles that the scope names, of their members, and of all that those are members of. */
function held(session: Transaction, grantee: Fragment): Fragment {
  return session`(${grantee} = 0 or ${grantee} in (select oid from reach))`;
}

/** The relations of the schemas, and all others that somebody of the scope, or everybody, was granted something on. */
function readRelations(session: Transaction, scope: CatalogScope) {
  return session<Relation[]>`
    with recursive members(oid) as (
      select oid from pg_roles where rolname = any(${[...scope.roles]})
      union select m.member from pg_auth_members m join members on members.oid = m.roleid),
    reach(oid) as (
      select oid from members union select m.roleid from pg_auth_members m join reach on reach.oid = m.member),
    -- Once, and not for each column: that would be most of the query's time.
    owned as materialized (
      select distinct on (d.refobjid, d.refobjsubid) d.refobjid as relid, d.refobjsubid as attnum, s.relacl as acl, s.relowner as owner
      from pg_class s join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype = 'a'
      where s.relkind = 'S' and d.refclassid = 'pg_class'::regclass
      order by d.refobjid, d.refobjsubid, s.oid)
    select n.nspname as schema, c.relname as name,
           case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                          when 'm' then 'materialized view' else 'foreign table' end as kind,
           pg_get_userbyid(c.relowner) as owner,
           coalesce(c.reloptions, '{}') as options,
           case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as "viewDefinition",
           c.relrowsecurity as "rowSecurity",
           c.relforcerowsecurity as forced,
           (select coalesce(json_agg(json_build_object(
              'name', p.polname, 'permissive', p.polpermissive,
              'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
              'roles', (select json_agg(case r when 0 then 'PUBLIC' else pg_get_userbyid(r) end order by 1) from unnest(p.polroles) r),
              'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)) order by p.polname), '[]')
            from pg_policy p where p.polrelid = c.oid) as policies,
           (select ${grantsJson(session, session`coalesce(c.relacl, acldefault('r', c.relowner))`, session`c.relowner`)}) as grants,
           (select coalesce(json_agg(json_build_object('column', a.attname, 'role', held.role, 'privileges', held.privileges)
                                     order by a.attname, held.role), '[]')
            from pg_attribute a, lateral (
              select case grantee when 0 then 'PUBLIC' else pg_get_userbyid(grantee) end as role,
                     array_agg(privilege_type || case when is_grantable then '*' else '' end order by privilege_type) as privileges
              from aclexplode(a.attacl) where grantee <> c.relowner group by 1) as held
            where a.attrelid = c.oid and a.attacl is not null) as "columnGrants",
           (select coalesce(json_agg(json_build_object('name', t.tgname, 'definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled) order by t.tgname), '[]')
            from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers,
           (select coalesce(json_agg(json_build_object(
              'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
              'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity, 'generated', a.attgenerated,
              'sequenceGrants', case when own.relid is not null then
                 (select ${grantsJson(session, session`coalesce(own.acl, acldefault('s', own.owner))`, session`own.owner`)}) end
              ) order by a.attnum), '[]')
            from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            left join owned own on own.relid = a.attrelid and own.attnum = a.attnum
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
           (select coalesce(json_agg(json_build_object(
              'name', k.conname,
              'type', case k.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key' when 'c' then 'check'
                                     when 'x' then 'exclusion' when 'n' then 'not null' else 'trigger' end,
              'definition', pg_get_constraintdef(k.oid), 'valid', k.convalidated,
              'columns', (select coalesce(json_agg(a.attname order by key.position), '[]')
                          from unnest(k.conkey) with ordinality as key(number, position)
                          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.number),
              'foreignTable', (select json_build_object('schema', fn.nspname, 'name', fc.relname, 'columns',
                                 (select coalesce(json_agg(a.attname order by key.position), '[]')
                                  from unnest(k.confkey) with ordinality as key(number, position)
                                  join pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.number))
                               from pg_class fc join pg_namespace fn on fn.oid = fc.relnamespace where fc.oid = k.confrelid)
              ) order by k.conname), '[]')
            from pg_constraint k where k.conrelid = c.oid and k.contype <> 'n') as constraints,
           (select coalesce(json_agg(json_build_object(
              'name', ic.relname, 'definition', pg_get_indexdef(i.indexrelid), 'unique', i.indisunique, 'valid', i.indisvalid,
              'columns', (select coalesce(json_agg(a.attname order by key.position), '[]')
                          from unnest(i.indkey::int2[]) with ordinality as key(number, position)
                          left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.number and key.number <> 0
                          where key.position <= i.indnkeyatts)) order by ic.relname), '[]')
            from pg_index i join pg_class ic on ic.oid = i.indexrelid
            where i.indrelid = c.oid and not exists (select from pg_constraint k where k.conrelid = i.indrelid and k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))) as indexes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not (n.nspname = ${ENGINE_SCHEMA} and c.relname = any(${[...ENGINE_TABLES]}))
      and (n.nspname = any(${[...scope.schemas]})
        or exists (select from aclexplode(c.relacl) g where g.grantee <> c.relowner and ${held(session, session`g.grantee`)})
        or exists (select from pg_attribute a, aclexplode(a.attacl) g
                   where a.attrelid = c.oid and a.attacl is not null and g.grantee <> c.relowner and ${held(session, session`g.grantee`)}))
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by 1, 2`;
}
