import type { AnyRelations, EmptyRelations } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import { parseDatabaseUrl } from "../core/database-url.js";
import { TenantryError } from "../core/errors.js";
import type { TenantColumnType } from "../core/tenancy-settings.js";
import { parseTenantId } from "../core/tenant-id.js";
import { withDatabase } from "../postgres/connect.js";
import { defineTenancy, type Tenancy } from "../rls/define-tenancy.js";
import { ConnectionPool } from "./connection-pool.js";
import { guardRole } from "./guard-role.js";
import { refuseInside } from "./tenant-context.js";
import { createTenantDriver } from "./tenant-driver.js";

/** What names a tenant: a text, and where the tenant column holds numbers also a number. */
export type TenantId<Type extends TenantColumnType = "uuid"> = Type extends "integer"
  ? string | number
  : Type extends "bigint"
    ? string | number | bigint
    : string;

/** How a service connects. */
export type ClientOptions<
  TRelations extends AnyRelations = EmptyRelations,
  Type extends TenantColumnType = "uuid",
  Key extends string = string,
> = {
  /** A login that is a member of the tenant role, and of nothing more. */
  readonly url: string | URL;
  /** What `defineRelations` returned, for `db.as(id).query`. */
  readonly relations?: TRelations;
  /** What `drizzle.config.ts` exports as `tenancy`. Default `defineTenancy()`. */
  readonly tenancy?: Tenancy<Key, Type>;
  /** Connections at most. Default 10. */
  readonly max?: number;
  /**
   * Keep each statement's text prepared on its connections, up to half an hour. False behind a pooler in transaction
   * mode that knows no prepared statements (PgBouncer before 1.21); parameters then cost two more round trips. Default
   * true.
   */
  readonly prepare?: boolean;
  /** What `pg_stat_activity` shows. Default `tenantry client`. */
  readonly applicationName?: string;
};

/** A database that shows one tenant's rows at a time. There is no way to a table without naming the tenant. */
export type TenantClient<
  TRelations extends AnyRelations = EmptyRelations,
  Type extends TenantColumnType = "uuid",
> = {
  /**
   * The usual Drizzle database, bound to one tenant. A statement on it is a transaction of its own, in one round trip;
   * `transaction(async (tx) => { … })` is Drizzle's, with the context set.
   *
   * @throws TenantryError `context-missing` without an id, `tenant-id-invalid`, and `isolation` inside another
   * transaction.
   * @example
   * const rows = await db.as(creatorId).select().from(documents);
   */
  as(tenant: TenantId<Type>): PostgresJsDatabase<TRelations>;
  /** Waits up to five seconds for what is under way, then closes all connections. */
  close(): Promise<void>;
};

const DEFAULT_MAX = 10;
const CLOSE_SECONDS = 5;

/**
 * Connects a service to its database, and makes sure once that row security binds it.
 *
 * @throws TenantryError `role-insufficient` for a superuser, a role with BYPASSRLS or one that may become such, and a
 * login outside the tenant role; `argument-invalid`, `connection-failed`, `password-rejected`, `database-missing`,
 * `server-too-old`.
 * @example
 * const db = await connect({ url: process.env.SERVICE_DATABASE_URL ?? "" });
 * const mine = await db.as(creatorId).select().from(documents);
 * await db.as(creatorId).transaction(async (tx) => {
 *   await tx.insert(documents).values({ title: "Returns", checksum });
 * });
 * await db.close();
 */
export async function connect<
  TRelations extends AnyRelations = EmptyRelations,
  Type extends TenantColumnType = "uuid",
  Key extends string = string,
>(options: ClientOptions<TRelations, Type, Key>): Promise<TenantClient<TRelations, Type>> {
  const { settings } = options.tenancy ?? defineTenancy();
  const url = parseDatabaseUrl(String(options.url), "The url of connect()");
  const applicationName = options.applicationName ?? "tenantry client";
  await withDatabase(url, { applicationName, urlName: "the url of connect()" }, (database) =>
    guardRole(database, settings.roles.tenant),
  );
  const pool = new ConnectionPool(url, { max: options.max ?? DEFAULT_MAX, applicationName });
  const { relations, prepare = true } = options;
  return {
    as: (id) => {
      const tenant = parseTenant(id, settings.columnType);
      refuseInside(tenant, pool);
      const driver = createTenantDriver({ pool, setting: settings.setting, tenant, prepare });
      // Drizzle's session calls nothing else on a client than what a TenantDriver has.
      const client = driver as unknown as postgres.Sql;
      return drizzle({ client, ...(relations === undefined ? {} : { relations }) });
    },
    close: () => pool.close(CLOSE_SECONDS),
  };
}

/** Callers in JavaScript may hand over anything, most likely nothing at all. */
function parseTenant(id: unknown, columnType: TenantColumnType): string {
  if (id === undefined || id === null || id === "") {
    throw new TenantryError({
      code: "context-missing",
      message: "db.as() was called without a tenant id.",
      hint: "Pass the id of the tenant on whose behalf the code runs, from a verified token or session.",
    });
  }
  const isNumeric = columnType === "integer" || columnType === "bigint";
  if (typeof id === "string") return parseTenantId(id, columnType);
  if (isNumeric && (typeof id === "bigint" || Number.isSafeInteger(id)))
    return parseTenantId(String(id), columnType);
  throw new TenantryError({
    code: "tenant-id-invalid",
    message: `The tenant id is ${typeof id === "number" ? "a number that is not exact" : `of type ${typeof id}`}; the tenant column is ${columnType}.`,
    hint: isNumeric ? "Pass a whole number, or its digits as text." : "Pass it as text.",
  });
}
