import type { Database } from "../postgres/connect.js";

/** A piece of a query of postgres.js. */
export type Fragment = ReturnType<Database>;

/** An open transaction of postgres.js. */
export type Transaction = Parameters<Parameters<Database["begin"]>[1]>[0];

/** The privileges of an ACL as `[{role, privileges}]`, without those that an owner has by owning. */
export function grantsJson(session: Transaction, acl: Fragment, owner: Fragment): Fragment {
  return session`
    coalesce(json_agg(json_build_object('role', role, 'privileges', privileges) order by role), '[]') from (
      select case grantee when 0 then 'PUBLIC' else pg_get_userbyid(grantee) end as role,
             array_agg(privilege_type || case when is_grantable then '*' else '' end order by privilege_type) as privileges
      from aclexplode(${acl}) where grantee <> ${owner} group by 1) as held`;
}
