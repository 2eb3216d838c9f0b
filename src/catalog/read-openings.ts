import type { Transaction } from "./grants-json.js";
import { grantsJson } from "./grants-json.js";
import type { LargeObjects, Opening, PresetSetting, ScheduledJob, Surroundings } from "./surroundings.js";

type Openings = Pick<
  Surroundings,
  "settings" | "openings" | "largeObjects" | "largeObjectsUnchecked" | "jobs"
>;

/** Reads what lies outside every schema: settings of roles, what PostgreSQL keeps to itself, large objects, jobs. */
export async function readOpenings(session: Transaction): Promise<Openings> {
  const [settings, openings, largeObjects, unchecked, jobs] = await Promise.all([
    session<PresetSetting[]>`
      select case s.setrole when 0 then null else pg_get_userbyid(s.setrole) end as role, null as function,
             s.setdatabase <> 0 as "inDatabase", split_part(setting, '=', 1) as name, substr(setting, strpos(setting, '=') + 1) as value
      from pg_db_role_setting s, unnest(s.setconfig) as setting
      where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
      union all
      select null, p.oid::regprocedure::text, true, split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace, unnest(p.proconfig) as setting
      where p.proconfig is not null and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
      order by 1, 2, 3, 4`,
    readGrants(session),
    session<LargeObjects[]>`
      select count(*)::int as count, min(oid)::text as example, pg_get_userbyid(lomowner) as owner,
             (select ${grantsJson(session, session`coalesce(lomacl, acldefault('L', lomowner))`, session`lomowner`)}) as grants
      from pg_largeobject_metadata group by lomowner, lomacl order by 2`,
    session<{ unchecked: boolean }[]>`select current_setting('lo_compat_privileges')::bool as unchecked`,
    readJobs(session),
  ]);
  return { settings, openings, largeObjects, largeObjectsUnchecked: unchecked[0]?.unchecked ?? false, jobs };
}

/**
 * What was granted of the catalogs that hold values or secrets, of the functions that are born without EXECUTE for
 * PUBLIC, of settings that superusers keep, and of foreign servers.
 */
function readGrants(session: Transaction) {
  return session<Opening[]>`
    select 'catalog' as kind, c.oid::regclass::text as name,
           (select ${grantsJson(session, session`c.relacl || coalesce((select array_agg(item) from pg_attribute a, unnest(a.attacl) item where a.attrelid = c.oid), '{}')`, session`c.relowner`)}) as grants
    from pg_class c
    where c.relnamespace = 'pg_catalog'::regnamespace
      and c.relname in ('pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_authid', 'pg_user_mapping')
    union all
    select 'function', p.oid::regprocedure::text,
           (select ${grantsJson(session, session`p.proacl`, session`p.proowner`)})
    from pg_init_privs i join pg_proc p on p.oid = i.objoid
    where i.classoid = 'pg_proc'::regclass and p.proacl <> i.initprivs
      and not exists (select from aclexplode(i.initprivs) was where was.grantee = 0)
    union all
    select 'setting', parname, (select ${grantsJson(session, session`paracl`, session`10::oid`)})
    from pg_parameter_acl
    union all
    select 'foreign server', quote_ident(srvname),
           (select ${grantsJson(session, session`coalesce(srvacl, acldefault('S', srvowner))`, session`srvowner`)})
    from pg_foreign_server
    union all
    select 'foreign data wrapper', quote_ident(fdwname),
           (select ${grantsJson(session, session`coalesce(fdwacl, acldefault('F', fdwowner))`, session`fdwowner`)})
    from pg_foreign_data_wrapper
    order by 1, 2`;
}

/** Sees every job: no policy of the table, which shows others' jobs to nobody, binds the reader. */
async function readJobs(session: Transaction): Promise<readonly ScheduledJob[]> {
  const [found] = await session<{ place: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as place
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'cron' and c.relname = 'job' and c.relkind = 'r' and not row_security_active(c.oid)
      and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`;
  if (found === undefined) return [];
  // As JSON, since the columns have changed from version to version: inactive ones do not run.
  return await session<ScheduledJob[]>`
    select job ->> 'jobid' as id, job ->> 'username' as role, coalesce(job ->> 'command', '') as command
    from (select to_jsonb(j) as job from ${session.unsafe(found.place)} j) as jobs
    where coalesce(job ->> 'database', current_database()) = current_database()
      and coalesce((job ->> 'active')::bool, true) and job ->> 'username' is not null
    order by (job ->> 'jobid')::bigint`;
}
