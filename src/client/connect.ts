import type { AnyRelations, EmptyRelations } from "drizzle-orm";
import type { Logger } from "drizzle-orm/logger";
import { parseDatabaseUrl } from "../core/database-url.js";
import type { TenantColumnType } from "../core/tenancy-settings.js";
import type { TenantCache } from "../redis/tenant-cache.js";
import { defineTenancy, type Tenancy } from "../rls/define-tenancy.js";
import { openAdmin } from "./admin/admin-database.js";
import { createDoorCalls, type DoorsByName } from "./doors/door-calls.js";
import { createConstraintColumns } from "./errors/constraint-columns.js";
import { createExplainFailure } from "./errors/explain-failure.js";
import { guardConnection } from "./guards/guard-connection.js";
import type { ManifestDigest, OnManifestMismatch } from "./guards/guard-manifest.js";
import { warnOnce } from "./guards/warn-once.js";
import { type ClientOperation, createObserver } from "./observe/observer.js";
import type { Tracer } from "./observe/tracer.js";
import { ConnectionPool } from "./pool/connection-pool.js";
import { openReplicas } from "./replicas/open-replicas.js";
import type { ReplicaRouter } from "./replicas/replica-router.js";
import { createAffectedTables, withAffectedTables } from "./tenant/affected-tables.js";
import { type BatchQuery, runBatch } from "./tenant/batch.js";
import { reportChanges, TenantCacheAdapter } from "./tenant/cache-adapter.js";
import { refuseAnother, requireCurrent } from "./tenant/current-tenant.js";
import { createDrizzleShape } from "./tenant/drizzle-shape.js";
import { executeBound, UnboundCache, unboundDriver } from "./tenant/prepared.js";
import { schemaDigest } from "./tenant/schema-digest.js";
import { refuseInside } from "./tenant/surroundings.js";
import { setContextSql } from "./tenant/tenant-context.js";
import { type DriverScope, TenantDriver } from "./tenant/tenant-driver.js";
import { type AsOptions, parseTenant } from "./tenant/tenant-id-input.js";
import type { TenantClient, TenantDatabase } from "./tenant-client.js";

/** How a service connects. */
export type ClientOptions<
  TRelations extends AnyRelations = EmptyRelations,
  Type extends TenantColumnType = "uuid",
  Key extends string = string,
  TDoors extends DoorsByName = Record<never, never>,
> = {
  /** A login that is a member of the tenant role, and of nothing more. */
  readonly url: string | URL;
  /** What `defineRelations` returned, for `db.as(id).query`. */
  readonly relations?: TRelations;
  /** What `generated/doors.ts` exports, for `db.doors`. Default: none. */
  readonly doors?: TDoors;
  /** A login that is a member of the admin role and of nothing else, for `db.asAdmin`. Default: none, and no such work. */
  readonly adminUrl?: string | URL;
  /** What `drizzle.config.ts` exports as `tenancy`. Default `defineTenancy()`. */
  readonly tenancy?: Tenancy<Key, Type>;
  /**
   * `manifest` of `tenantry generate`: must be the one that the database was migrated to. It also keeps cached results of
   * two schema versions apart. Default: not compared.
   */
  readonly manifest?: ManifestDigest;
  /** Refuse to start on another manifest, or warn, while two versions run during a rolling deploy. Default `refuse`. */
  readonly onManifestMismatch?: OnManifestMismatch;
  /**
   * Replicas of the database, by the same login: single SELECTs go there, everything else and what must see the tenant's
   * own writes to `url`. One that does not answer is passed over.
   */
  readonly replicas?: readonly (string | URL)[];
  /** Milliseconds for which a tenant's reads stay with the primary after it wrote through this client. Default 5,000. */
  readonly readYourWrites?: number;
  /** Connections at most, to each server. Default 10. */
  readonly max?: number;
  /** Milliseconds to wait for a connection when all are in use. Default 30,000. */
  readonly acquireTimeout?: number;
  /** Milliseconds that one statement may take, where `as()` does not say. Default: the server's. */
  readonly statementTimeout?: number;
  /**
   * Keep each statement's text prepared on its connections, up to half an hour. Not behind a pooler in transaction mode
   * that knows no prepared statements (PgBouncer before 1.21); parameters then cost two more round trips. Default: true
   * on a direct connection, false where a pooler is found in between.
   */
  readonly prepare?: boolean;
  /** Results of queries, kept for each tenant by itself; see `tenantry/redis`. Default: none. */
  readonly cache?: TenantCache;
  /** Drizzle's: is told each statement and its parameters. */
  readonly logger?: Logger;
  /** Is told of each statement, batch and transaction when it is over. */
  readonly onOperation?: (operation: ClientOperation) => void;
  /** An OpenTelemetry tracer. Default: the host application's, if it has one; `false` for none. */
  readonly tracer?: Tracer | false;
  /** Is told what an operator should look at. Default: Node.js's warnings, each text once. */
  readonly onWarning?: (message: string) => void;
  /** What `pg_stat_activity` shows. Default `tenantry client`. */
  readonly applicationName?: string;
};

const DEFAULT_MAX = 10;
const DEFAULT_ACQUIRE_TIMEOUT = 30_000;
const CLOSE_SECONDS = 5;

/**
 * Connects a service to its database, and makes sure, in one round trip, that row security binds it.
 *
 * @throws TenantryError `role-insufficient` for a superuser, a role with BYPASSRLS or one that may become such, an owner
 * of the tenants' tables or one that may become it, a login outside the tenant role, and an admin login that is more or
 * less than that; `server-too-old`, also for a release that leaks through a key of this database; `manifest-mismatch`;
 * `argument-invalid`, `connection-failed`, `password-rejected`, `database-missing`.
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
  TDoors extends DoorsByName = Record<never, never>,
>(options: ClientOptions<TRelations, Type, Key, TDoors>): Promise<TenantClient<TRelations, Type, TDoors>> {
  const { settings } = options.tenancy ?? defineTenancy();
  const url = parseDatabaseUrl(String(options.url), "The url of connect()");
  const applicationName = options.applicationName ?? "tenantry client";
  const {
    max = DEFAULT_MAX,
    acquireTimeout = DEFAULT_ACQUIRE_TIMEOUT,
    cache: given,
    onWarning = warnOnce,
  } = options;
  const poolOptions = { max, applicationName, acquireTimeout };
  const guard = {
    tenantRole: settings.roles.tenant,
    manifest: options.manifest,
    onManifestMismatch: options.onManifestMismatch ?? "refuse",
    prepare: options.prepare,
    urlName: "the url of connect()",
    warn: onWarning,
  };
  const pool = new ConnectionPool(url, poolOptions);
  const { prepares, database } = await guardConnection(pool, guard);
  let router: ReplicaRouter | undefined;
  const closeAll = async (thrown: unknown): Promise<never> => {
    await Promise.all([pool.close(0), router?.close(0)]);
    throw thrown;
  };
  router = await openReplicas(options, poolOptions, guard).catch(closeAll);
  // Without relations Drizzle's `query` is empty.
  const relations = options.relations ?? ({} as TRelations);
  const tables = Object.values(relations).map(({ table }) => table);
  const digest = options.manifest?.digest ?? schemaDigest(tables);
  const scopeOf = (tenant: string) => ({ tenant, schemaDigest: `${database} ${digest}` });
  const cache = given === undefined ? undefined : withAffectedTables(given, createAffectedTables(tables));
  const parse = (id: unknown) => parseTenant(id, settings.columnType);
  const driverScope: DriverScope = {
    pool,
    prepare: prepares,
    router,
    observe: createObserver({ tracer: options.tracer, onOperation: options.onOperation, url }),
    requireFree: (tenant) => {
      refuseInside(tenant, pool);
      refuseAnother(tenant, parse);
    },
    explain: createExplainFailure(createConstraintColumns(tables)),
    onCommit: async (tenant, noted) => {
      if (cache !== undefined) await reportChanges(cache, scopeOf(tenant), noted);
    },
  };
  const shape = createDrizzleShape(relations, options.logger);
  const openDoors = async () => createDoorCalls(options.doors ?? ({} as TDoors), driverScope, shape);
  const doors = await openDoors().catch(closeAll);
  const { adminUrl } = options;
  const adminOptions = { url: adminUrl, settings, tables, scope: driverScope, shape, applicationName };
  const admin = await openAdmin<TRelations, Type>({ ...adminOptions, acquireTimeout }).catch(closeAll);

  const openDriver = (id: unknown, given: AsOptions = {}) => {
    const tenant = parse(id);
    driverScope.requireFree(tenant);
    const { statementTimeout = options.statementTimeout, actor, requestId } = given;
    const context = setContextSql(settings, { tenant, actor, requestId, statementTimeout });
    return { tenant, driver: new TenantDriver(driverScope, tenant, context, given) };
  };
  const cacheOf = (tenant: string) =>
    cache === undefined ? undefined : new TenantCacheAdapter(cache, scopeOf(tenant), pool);
  const openDatabase = (id: unknown, given?: AsOptions): TenantDatabase<TRelations> => {
    const { tenant, driver } = openDriver(id, given);
    const batch = (queries: readonly BatchQuery[]) =>
      runBatch(driver, queries, (statements) => driver.sendBatch(statements));
    return Object.assign(shape(driver, cacheOf(tenant)), { batch }) as TenantDatabase<TRelations>;
  };
  return {
    as: openDatabase,
    get current() {
      const { tenant, options: given } = requireCurrent();
      return openDatabase(tenant, given);
    },
    prepare: (build) => {
      const prepared = build(shape(unboundDriver, cache === undefined ? undefined : new UnboundCache()));
      return {
        as: (id, given) => ({
          execute: (values) => {
            const { tenant, driver } = openDriver(id, given);
            return executeBound({ driver, cache: cacheOf(tenant) }, prepared, values);
          },
        }),
      };
    },
    doors,
    asAdmin: admin.asAdmin,
    close: async ({ timeoutSeconds = CLOSE_SECONDS } = {}) => {
      await Promise.all([
        pool.close(timeoutSeconds),
        router?.close(timeoutSeconds),
        admin.close(timeoutSeconds),
      ]);
    },
  };
}
