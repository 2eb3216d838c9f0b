import type { AnyRelations } from "drizzle-orm";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { parseDatabaseUrl } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import type { TenancySettings, TenantColumnType } from "../../core/tenancy-settings.js";
import { withDatabase } from "../../postgres/connect.js";
import { ConnectionPool } from "../pool/connection-pool.js";
import type { DrizzleShape } from "../tenant/drizzle-shape.js";
import { refuseInside } from "../tenant/surroundings.js";
import { setContextSql } from "../tenant/tenant-context.js";
import { type DriverScope, TenantDriver } from "../tenant/tenant-driver.js";
import { parseTenant } from "../tenant/tenant-id-input.js";
import { adminRecordSql } from "./admin-record.js";
import { type AdminWork, requireAnswerable } from "./admin-work.js";
import { guardAdmin } from "./guard-admin.js";

/** Drizzle's transaction over the rows of all tenants. */
export type AdminTransaction<TRelations extends AnyRelations> = Parameters<
  Parameters<PostgresJsDatabase<TRelations>["transaction"]>[0]
>[0];

/** What `db.asAdmin` is. */
export type AsAdmin<TRelations extends AnyRelations, Type extends TenantColumnType> = <T>(
  work: AdminWork<Type>,
  use: (tx: AdminTransaction<TRelations>) => Promise<T>,
) => Promise<T>;

/** What it is made from. */
export type AdminOptions<TRelations extends AnyRelations> = {
  readonly url: string | URL | undefined;
  readonly settings: TenancySettings;
  /** The relations' tables, the audit log among them. */
  readonly tables: readonly unknown[];
  /** The client's own; the pool is not used. */
  readonly scope: DriverScope;
  readonly shape: DrizzleShape<TRelations>;
  readonly applicationName: string;
  readonly acquireTimeout: number;
};

/** Break-glass work is rare, and one transaction at a time. */
const MAX = 2;

/** Another tenant than any: what runs for a tenant is refused inside. */
const ADMIN = "every tenant, as admin";

/**
 * Opens the way to the rows of all tenants: another login, in a transaction that begins by writing down who works on
 * them and why. Without a URL it refuses all work.
 *
 * @throws TenantryError `role-insufficient` and what connecting throws.
 */
export async function openAdmin<TRelations extends AnyRelations, Type extends TenantColumnType>(
  options: AdminOptions<TRelations>,
): Promise<{ asAdmin: AsAdmin<TRelations, Type>; close: (timeoutSeconds: number) => Promise<void> }> {
  const { url: given, settings, applicationName, acquireTimeout } = options;
  if (given === undefined) return { asAdmin: refuseAll, close: async () => {} };
  const url = parseDatabaseUrl(String(given), "The adminUrl of connect()");
  await withDatabase(url, { applicationName, urlName: "the adminUrl of connect()" }, (database) =>
    guardAdmin(database, settings.roles),
  );
  const pool = new ConnectionPool(url, { max: MAX, applicationName, acquireTimeout });
  return {
    asAdmin: (work, use) => runAsAdmin(options, pool, work, use),
    close: (timeoutSeconds) => pool.close(timeoutSeconds),
  };
}

async function runAsAdmin<TRelations extends AnyRelations, Type extends TenantColumnType, T>(
  { settings, tables, scope, shape }: AdminOptions<TRelations>,
  pool: ConnectionPool,
  work: AdminWork<Type>,
  use: (tx: AdminTransaction<TRelations>) => Promise<T>,
): Promise<T> {
  requireAnswerable(work);
  refuseInside(ADMIN, pool);
  const { actor, reason, requestId, statementTimeout, signal } = work;
  const tenant = work.tenant === undefined ? undefined : parseTenant(work.tenant, settings.columnType);
  const record = adminRecordSql(tables, settings.columnType, { tenant, actor, reason, requestId });
  const context = setContextSql(settings, { tenant: tenant ?? "", actor, requestId, statementTimeout });
  // What it changes is no one tenant's, so that no tenant's cache is told of it.
  const driver = new TenantDriver({ ...scope, pool, onCommit: async () => {} }, ADMIN, context, signal);
  return await shape(driver, undefined).transaction(async (tx) => {
    // First, and awaited: what follows runs only once it is written, and a COMMIT inside would keep it.
    await tx.execute(record);
    return await use(tx);
  });
}

async function refuseAll(): Promise<never> {
  throw new TenantryError({
    code: "argument-invalid",
    message: "db.asAdmin() needs a login of its own, and connect() was given none.",
    hint: "Pass adminUrl to connect(): the URL of a login that is a member of the admin role and of nothing else.",
  });
}
