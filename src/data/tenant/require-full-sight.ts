import { TenantryError } from "../../core/errors.js";
import type { Session } from "../../postgres/connect.js";
import type { TenantTable } from "./tenant-graph.js";

/**
 * Refuses a role from which row security may hide rows of any of these tables: it would find nothing left, and say so. It
 * must be exempt, or be let through by a policy that lets everything through, with no restrictive one beside it.
 *
 * @throws TenantryError `role-insufficient` naming the tables.
 */
export async function requireFullSight(session: Session, tables: readonly TenantTable[]): Promise<void> {
  const schemas = tables.map(({ schema }) => schema);
  const names = tables.map(({ name }) => name);
  const hidden = await session<{ role: string; table: string }[]>`
    select current_user::text as role, format('%I.%I', n.nspname, c.relname) as table
    from unnest(${schemas}::text[], ${names}::text[]) as wanted(schema, name)
    join pg_catalog.pg_namespace n on n.nspname = wanted.schema
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
    cross join lateral (
      select coalesce(bool_or(p.polpermissive and p.polcmd = '*'
                              and pg_catalog.pg_get_expr(p.polqual, p.polrelid) = 'true'), false) as passes,
             coalesce(bool_or(not p.polpermissive), false) as confined
      from pg_catalog.pg_policy p
      where p.polrelid = c.oid and exists (
        select from unnest(p.polroles) as bound
        where bound = 0 or pg_catalog.pg_has_role(current_user, bound, 'usage'))) as policies
    where pg_catalog.row_security_active(c.oid) and (confined or not passes)
    order by 2`;
  const [first] = hidden;
  if (first === undefined) return;
  throw new TenantryError({
    code: "role-insufficient",
    message: `Row security hides rows of ${hidden.map(({ table }) => table).join(", ")} from ${first.role}.`,
    hint: 'Run the command as the migrator; "tenantry verify --repair" restores the policies of the admin role.',
  });
}
