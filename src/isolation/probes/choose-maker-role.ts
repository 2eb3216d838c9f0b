import { TenantryError } from "../../core/errors.js";
import type { TenancySettings } from "../../core/tenancy-settings.js";
import type { Session } from "../../postgres/connect.js";
import type { SessionRoles } from "./probe-session.js";

/**
 * Decides as whom rows are made: as the login itself where row security does not bind it, else as the admin role.
 *
 * @throws TenantryError `role-insufficient` if the login cannot become the service role, or can make no rows.
 */
export async function chooseMakerRole(session: Session, settings: TenancySettings): Promise<SessionRoles> {
  const { tenant, admin } = settings.roles;
  const [facts] = await session<{ login: string; free: boolean; service: boolean; admin: boolean }[]>`
    select current_user as login,
      (select rolsuper or rolbypassrls from pg_catalog.pg_roles where rolname = current_user) as free,
      coalesce((select pg_catalog.pg_has_role(oid, 'member') from pg_catalog.pg_roles where rolname = ${tenant}), false) as service,
      coalesce((select pg_catalog.pg_has_role(oid, 'member') from pg_catalog.pg_roles where rolname = ${admin}), false) as admin`;
  if (facts?.service !== true) {
    throw new TenantryError({
      code: "role-insufficient",
      message: `The login ${facts?.login ?? ""} cannot act as ${tenant}, so nothing can be probed.`,
      hint: `Connect as a superuser, or as a member of ${tenant} and ${admin}.`,
    });
  }
  if (!facts.free && !facts.admin) {
    throw new TenantryError({
      code: "role-insufficient",
      message: `The login ${facts.login} is bound by row security and is no member of ${admin}: it can make no rows for the probes.`,
      hint: `grant ${admin} to the login, as "tenantry migrate" does for the migrator.`,
    });
  }
  return { service: tenant, maker: facts.free ? undefined : admin };
}
