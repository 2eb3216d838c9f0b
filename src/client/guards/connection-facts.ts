import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { quoteLiteral } from "../../core/identifiers.js";
import { parseManifestMark } from "../../core/manifest-mark.js";
import { ARRAY_TYPES_SQL } from "../../postgres/array-types.js";
import type { Session } from "../../postgres/connect.js";
import { DATABASE_IDENTITY_SQL } from "./database-identity.js";

/** What a connection says about its server, its login and its database. */
export type ConnectionFacts = {
  readonly login: string;
  readonly superuser: boolean;
  /** Roles without row security that the login may become, itself included. */
  readonly bypassing: readonly string[];
  readonly tenantRoleExists: boolean;
  /** True if the tenant role's policies and grants hold for the login by themselves. */
  readonly inTenantRole: boolean;
  /** Some tables behind the tenant role's policies whose owner the login is, or may become; with that owner. */
  readonly owned: readonly { readonly table: string; readonly owner: string }[];
  /** Unique keys that the login could use in ON CONFLICT DO UPDATE and that do not start with the tenant; with their tables. */
  readonly openKeys: readonly string[];
  /** Which database it is: the same by every name of its host, and on its replicas. */
  readonly database: string;
  /** `server_version_num`. */
  readonly version: number;
  readonly pid: number;
  readonly announcedPid: number;
  /** Of the manifest that the database was migrated to; undefined where nobody has recorded it. */
  readonly manifestDigest: string | undefined;
  /** For {@link teachArrayTypes}. */
  readonly arrays: unknown;
};

/** Asks for all of it at once: one round trip. */
export async function readConnectionFacts(session: Session, tenantRole: string): Promise<ConnectionFacts> {
  const result = await session.unsafe<[{ facts: string }]>(factsSql(tenantRole));
  const { mark, ...facts } = JSON.parse(result[0].facts);
  return { ...facts, announcedPid: result.state.pid, manifestDigest: parseManifestMark(mark) };
}

/**
 * Without parameters, which would cost a round trip more. Every name is the catalog's own, whatever the search path says.
 * The tenant's column is the one that a
 * policy depends on, and on no other: a service knows no table.
 */
function factsSql(tenantRole: string): string {
  return `
with tenant as (
  select oid from pg_catalog.pg_roles where rolname = ${quoteLiteral(tenantRole)}
), policed as (
  select distinct c.oid, c.relname, c.relowner, n.nspname
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where 0 = any (p.polroles) or exists (select from tenant where oid = any (p.polroles))
)
select pg_catalog.json_build_object(
  'login', session_user,
  'superuser', coalesce((select bool_or(rolsuper) from pg_catalog.pg_roles where rolname in (session_user, current_user)), false),
  'bypassing', (
    select coalesce(json_agg(rolname order by rolname), '[]') from pg_catalog.pg_roles
    where (rolsuper or rolbypassrls)
      and (pg_has_role(session_user, oid, 'member') or pg_has_role(current_user, oid, 'member'))
  ),
  'tenantRoleExists', exists (select from tenant),
  'inTenantRole', exists (select from tenant where pg_has_role(current_user, oid, 'usage')),
  'owned', (
    select coalesce(json_agg(owned), '[]') from (
      select format('%I.%I', nspname, relname) as "table", pg_get_userbyid(relowner) as owner from policed
      where pg_has_role(session_user, relowner, 'member') or pg_has_role(current_user, relowner, 'member')
      order by 1 limit 3
    ) owned
  ),
  'openKeys', (
    select coalesce(json_agg(format('%I of %I.%I', k.relname, t.nspname, t.relname) order by t.nspname, t.relname, k.relname), '[]')
    from policed t
    join pg_catalog.pg_index i on i.indrelid = t.oid and i.indisunique and not i.indisexclusion
    join pg_catalog.pg_class k on k.oid = i.indexrelid
    where has_table_privilege(t.oid, 'insert') and has_any_column_privilege(t.oid, 'update')
      and not exists (
        select from pg_catalog.pg_policy p
        where p.polrelid = t.oid and (0 = any (p.polroles) or exists (select from tenant where oid = any (p.polroles)))
          and array[i.indkey[0]::int] = array(
            select distinct d.refobjsubid from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
              and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = t.oid and d.refobjsubid > 0
          )
      )
  ),
  'version', current_setting('server_version_num')::int,
  'database', ${DATABASE_IDENTITY_SQL},
  'pid', pg_backend_pid(),
  'arrays', ${ARRAY_TYPES_SQL},
  'mark', (
    select pg_catalog.obj_description(c.oid, 'pg_class') from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${quoteLiteral(ENGINE_SCHEMA)} and c.relname = 'meta'
  )
)::text as facts`;
}
