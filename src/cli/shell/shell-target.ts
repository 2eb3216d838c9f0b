import { join } from "node:path";
import { describeTarget, parseDatabaseUrl } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { parseTenantId } from "../../core/tenant-id.js";
import type { ConnectOptions, Database } from "../../postgres/connect.js";
import { readServiceUrl, SERVICE_URL_VARIABLE } from "../../postgres/service-login.js";
import type { Context } from "../context.js";
import { resolveTarget } from "../target.js";
import { printable } from "./printable.js";

/** Who a shell is, and where. */
export type ShellTarget = {
  readonly url: URL;
  readonly connect: ConnectOptions;
  /** Settings of the session: the tenant context, or nothing. */
  readonly settings: Readonly<Record<string, string>>;
  /** What the prompt says beside the database; empty for the migrator in development. */
  readonly label: string;
  /** The role that the login must be bound by; undefined for the migrator, who is not. */
  readonly tenantRole: string | undefined;
};

/**
 * The migrator's login, or, with a creator's id, the service's login in that tenant's context.
 *
 * @throws TenantryError `tenant-id-invalid`, before anything is started; `argument-invalid` if there is no login;
 * and as `resolveTarget`.
 */
export async function resolveShellTarget(
  context: Context,
  creator: string | undefined,
): Promise<ShellTarget> {
  const place = context.environment === "development" ? [] : [`(${context.environment})`];
  if (creator === undefined) {
    const { url, connect } = await resolveTarget(context);
    return { url, connect, settings: {}, label: place.join(""), tenantRole: undefined };
  }
  const { settings } = await context.loadProject();
  const id = parseTenantId(creator, settings.columnType);
  const url = await resolveServiceUrl(context);
  // Nobody but us says whose rows these are.
  url.searchParams.delete(settings.setting);
  return {
    url,
    connect: { urlName: SERVICE_URL_VARIABLE },
    settings: { [settings.setting]: id },
    label: [`as ${printable(id).slice(0, 40)}`, ...place].join(" "),
    tenantRole: settings.roles.tenant,
  };
}

/** The variable, else what `tenantry init` has kept, which is for the development database and for no other. */
async function resolveServiceUrl(context: Context): Promise<URL> {
  const given = context.variables[SERVICE_URL_VARIABLE];
  if (given !== undefined && given !== "") return parseDatabaseUrl(given, SERVICE_URL_VARIABLE);
  if (context.environment !== "development") {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${SERVICE_URL_VARIABLE} is not set, and the environment is ${context.environment}.`,
      hint: `Set ${SERVICE_URL_VARIABLE} to a login that is a member of the tenant role. "tenantry init" makes one in development only.`,
    });
  }
  const file = join(context.directory, ".tenantry", "service.env");
  const kept = await readServiceUrl(file);
  if (kept === undefined) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `There is no service login: ${SERVICE_URL_VARIABLE} is not set, and ${file} is not there.`,
      hint: 'Run "tenantry init", which makes the login.',
    });
  }
  const target = describeTarget((await resolveTarget(context)).url);
  const service = describeTarget(kept);
  if (service.host === target.host && service.port === target.port && service.database === target.database)
    return kept;
  throw new TenantryError({
    code: "argument-invalid",
    message: `The service login in ${file} is for ${service.database} at ${service.host}:${service.port}, not for ${target.database} at ${target.host}:${target.port}.`,
    hint: `Run "tenantry init", which makes one for this database, or set ${SERVICE_URL_VARIABLE}.`,
  });
}

/**
 * Makes sure that a login is bound by row security as a service is: a shell that says "as this creator" and shows
 * everybody's rows would be worse than none.
 *
 * @throws TenantryError `isolation`.
 */
export async function requireServiceLogin(database: Database, tenantRole: string): Promise<void> {
  const [row] = await database<{ user: string; bypasses: boolean; member: boolean }[]>`
    select current_user as user, rolsuper or rolbypassrls as bypasses,
           exists (select from pg_roles tenant where tenant.rolname = ${tenantRole}
                   and pg_has_role(current_user, tenant.oid, 'usage')) as member
    from pg_roles where rolname = current_user`;
  if (row !== undefined && !row.bypasses && row.member) return;
  throw new TenantryError({
    code: "isolation",
    message:
      row?.bypasses === true
        ? `The login ${row.user} is not bound by row security: it would see every creator's rows.`
        : `The login ${row?.user} is not a member of ${tenantRole}: it is no service's login.`,
    hint: `Point ${SERVICE_URL_VARIABLE} at a login that is a member of ${tenantRole}; "tenantry init" makes one in development.`,
  });
}
