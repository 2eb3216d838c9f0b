import type { Fragment, Transaction } from "./grants-json.js";
import { grantsJson } from "./grants-json.js";
import type { CatalogScope } from "./read-catalog.js";
import { readExpressionUses } from "./read-expression-uses.js";
import { readOpenings } from "./read-openings.js";
import { readSequences } from "./read-sequences.js";
import type {
  Container,
  DefaultPrivilege,
  Membership,
  PolicyUse,
  PowerfulFunction,
  Publication,
  RoleNode,
  Surroundings,
} from "./surroundings.js";

/** Reads what only the audit looks at: queries that are sent together, on a transaction whose search path is set. */
export async function readSurroundings(
  session: Transaction,
  scope: CatalogScope,
): Promise<Omit<Surroundings, "elsewhere">> {
  const [
    roles,
    memberships,
    databases,
    schemas,
    defaultPrivileges,
    viewReads,
    children,
    rules,
    functions,
    publications,
    policyUses,
    extensions,
    sequences,
    expressionUses,
    rest,
  ] = await Promise.all([
    session<RoleNode[]>`
      select rolname as name, rolsuper as superuser, rolbypassrls as "bypassesRowSecurity", rolcanlogin as "canLogin",
             rolcreaterole as "createsRoles", rolreplication as replication
      from pg_roles order by 1`,
    // PostgreSQL 15 has no options of a membership but the last.
    session<Membership[]>`
      select pg_get_userbyid(m.member) as member, pg_get_userbyid(m.roleid) as role,
             coalesce((to_jsonb(m) ->> 'inherit_option')::bool, r.rolinherit) as inherits,
             coalesce((to_jsonb(m) ->> 'set_option')::bool, true) as "canBecome", m.admin_option as administers
      from pg_auth_members m join pg_roles r on r.oid = m.member order by 1, 2`,
    session<Container[]>`
      select datname as name, pg_get_userbyid(datdba) as owner,
             (select ${grantsJson(session, session`coalesce(datacl, acldefault('d', datdba))`, session`datdba`)}) as grants
      from pg_database where datname = current_database()`,
    session<Container[]>`
      select nspname as name, pg_get_userbyid(nspowner) as owner,
             (select ${grantsJson(session, session`coalesce(nspacl, acldefault('n', nspowner))`, session`nspowner`)}) as grants
      from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1`,
    session<DefaultPrivilege[]>`
      select case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
                                  when 'n' then 'schemas' else 'large objects' end as kind,
             pg_get_userbyid(d.defaclrole) as maker, n.nspname as schema,
             (select ${grantsJson(session, session`d.defaclacl`, session`d.defaclrole`)}) as grants
      from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace order by 2, 3, 1`,
    session<Surroundings["viewReads"][number][]>`
      select distinct vn.nspname as schema, v.relname as name,
             jsonb_build_object('schema', rn.nspname, 'name', r.relname) as reads
      from pg_rewrite w
      join pg_class v on v.oid = w.ev_class and v.relkind in ('v', 'm') join pg_namespace vn on vn.oid = v.relnamespace
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        and d.refclassid = 'pg_class'::regclass and d.refobjid <> w.ev_class
      join pg_class r on r.oid = d.refobjid join pg_namespace rn on rn.oid = r.relnamespace
      where w.rulename = '_RETURN' and vn.nspname !~ '^pg_' and vn.nspname <> 'information_schema'`,
    session<Surroundings["children"][number][]>`
      select cn.nspname as schema, c.relname as name, jsonb_build_object('schema', pn.nspname, 'name', p.relname) as parent
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid and c.relkind in ('r', 'p', 'f') join pg_namespace cn on cn.oid = c.relnamespace
      join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace`,
    session<Surroundings["rules"][number][]>`
      select n.nspname as schema, c.relname as name, w.rulename as rule
      from pg_rewrite w join pg_class c on c.oid = w.ev_class join pg_namespace n on n.oid = c.relnamespace
      where w.rulename <> '_RETURN' and n.nspname = any(${[...scope.schemas]})
        and ${notOfExtension(session, "pg_class", session`c.oid`)} order by 1, 2, 3`,
    session<PowerfulFunction[]>`
      select n.nspname as schema, p.proname as name, pg_get_function_identity_arguments(p.oid) as arguments,
             pg_get_userbyid(p.proowner) as owner, p.prosecdef as "securityDefiner", p.proleakproof as leakproof,
             (select substr(setting, 13) from unnest(p.proconfig) setting where starts_with(setting, 'search_path=')) as "searchPath",
             p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as "isTrigger",
             (select ${grantsJson(session, session`coalesce(p.proacl, acldefault('f', p.proowner))`, session`p.proowner`)}) as grants
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where (p.prosecdef or p.proleakproof) and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and ${notOfExtension(session, "pg_proc", session`p.oid`)} order by 1, 2, 3`,
    session<Publication[]>`
      select p.pubname as name, n.nspname as schema, c.relname as table, r.prqual is not null as filtered,
             pg_get_expr(r.prqual, r.prrelid) as filter
      from pg_publication p join pg_publication_rel r on r.prpubid = p.oid
      join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace
      union all
      select p.pubname, n.nspname, null, false, null
      from pg_publication p join pg_publication_namespace s on s.pnpubid = p.oid join pg_namespace n on n.oid = s.pnnspid
      union all
      select pubname, null, null, false, null from pg_publication where puballtables order by 1, 2, 3`,
    readPolicyUses(session, scope),
    session<{ name: string }[]>`select extname as name from pg_extension order by 1`,
    readSequences(session, scope),
    readExpressionUses(session, scope),
    readOpenings(session),
  ]);
  const [database = { name: "", owner: "", grants: [] }] = databases;
  return {
    roles,
    memberships,
    database,
    schemas,
    defaultPrivileges,
    viewReads,
    children,
    rules,
    functions,
    publications,
    policyUses,
    extensions: extensions.map(({ name }) => name),
    sequences,
    expressionUses,
    ...rest,
  };
}

/**
 * PostgreSQL records no dependency on its own functions, random() among them: so the stored trees themselves are asked
 * for the functions that they call and the relations of their subqueries. Each text once: tables that are protected
 * alike have the same tree, from PostgreSQL 17 on to the letter.
 */
function readPolicyUses(session: Transaction, scope: CatalogScope) {
  return session<PolicyUse[]>`
    with policies as materialized (
      select n.nspname as schema, c.relname as name, p.polname as policy,
             concat(p.polqual::text, ' ', p.polwithcheck::text) as tree
      from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any(${[...scope.schemas]})
    ), uses as materialized (
      select tree,
             (select coalesce(jsonb_agg(distinct f.proname), '[]')
              from regexp_matches(tree, ':(?:funcid|opfuncid|winfnoid|aggfnoid) (\\d+)', 'g') as found
              join pg_proc f on f.oid = found[1]::oid and f.provolatile = 'v') as volatile,
             (select coalesce(jsonb_agg(distinct jsonb_build_object(
                       'schema', rn.nspname, 'name', r.relname, 'kind', r.relkind, 'rowSecurity', r.relrowsecurity,
                       'owner', pg_get_userbyid(r.relowner))), '[]')
              from regexp_matches(tree, ':relid (\\d+)', 'g') as found
              join pg_class r on r.oid = found[1]::oid join pg_namespace rn on rn.oid = r.relnamespace) as reads
      from (select distinct tree from policies) trees
    )
    select p.schema, p.name, p.policy, u.volatile as "volatileFunctions", u.reads
    from policies p join uses u using (tree) order by 1, 2, 3`;
}

function notOfExtension(session: Transaction, catalog: "pg_class" | "pg_proc", oid: Fragment): Fragment {
  const classOid = catalog === "pg_class" ? session`'pg_class'::regclass` : session`'pg_proc'::regclass`;
  return session`not exists (select from pg_depend e
    where e.classid = ${classOid} and e.objid = ${oid} and e.deptype = 'e')`;
}
