import type { AnyRelations, EmptyRelations } from "drizzle-orm";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { TenantColumnType } from "../core/tenancy-settings.js";
import type { AsAdmin } from "./admin/admin-database.js";
import type { DoorCalls, DoorsByName } from "./doors/door-calls.js";
import type { BatchQuery, BatchResults } from "./tenant/batch.js";
import type { DrizzlePrepared } from "./tenant/prepared.js";
import type { AsOptions, TenantId } from "./tenant/tenant-id-input.js";

/** One tenant's database: Drizzle's, and `batch`. */
export type TenantDatabase<TRelations extends AnyRelations = EmptyRelations> =
  PostgresJsDatabase<TRelations> & {
    /**
     * Runs several queries in one transaction and one round trip; from the second time on, when the statements are
     * prepared. All of them or none.
     *
     * @throws what the first failing query throws; TenantryError `isolation` for a query of another database object.
     * @example
     * const mine = db.as(creatorId);
     * const [found, count] = await mine.batch([mine.select().from(documents).limit(10), mine.$count(documents)]);
     */
    batch<const TQueries extends readonly BatchQuery[]>(queries: TQueries): Promise<BatchResults<TQueries>>;
  };

/** A query that was built once for all tenants. */
export type PreparedForTenants<TResult, Type extends TenantColumnType = "uuid"> = {
  /** @throws as `db.as()` */
  as(tenant: TenantId<Type>, options?: AsOptions): DrizzlePrepared<TResult>;
};

/** A database that shows one tenant's rows at a time. There is no way to a table without naming the tenant. */
export type TenantClient<
  TRelations extends AnyRelations = EmptyRelations,
  Type extends TenantColumnType = "uuid",
  TDoors extends DoorsByName = Record<never, never>,
> = {
  /**
   * The usual Drizzle database, bound to one tenant; it costs next to nothing to make. A statement on it is a
   * transaction of its own, in one round trip; `transaction(async (tx) => { … })` is Drizzle's, with the context set.
   *
   * @throws TenantryError `context-missing` without an id, `tenant-id-invalid`, `argument-invalid`, and `isolation`
   * inside another transaction or inside `withTenant` of another tenant.
   * @example
   * const rows = await db.as(creatorId).select().from(documents);
   * await db.as(creatorId, { actor: userId, requestId, signal: request.signal }).delete(documents);
   */
  as(tenant: TenantId<Type>, options?: AsOptions): TenantDatabase<TRelations>;
  /**
   * The database of the tenant on whose behalf the running code was called, by `withTenant`.
   *
   * @throws TenantryError `context-missing` outside of `withTenant`, and as {@link TenantClient.as}.
   */
  readonly current: TenantDatabase<TRelations>;
  /**
   * Builds a query once, for all tenants: neither Drizzle nor the server has to do it again.
   *
   * @example
   * const byTitle = db.prepare((q) =>
   *   q.select().from(documents).where(eq(documents.title, sql.placeholder("title"))).prepare("by_title"));
   * const rows = await byTitle.as(creatorId).execute({ title: "Returns" });
   */
  prepare<TResult>(
    build: (database: PostgresJsDatabase<TRelations>) => DrizzlePrepared<TResult>,
  ): PreparedForTenants<TResult, Type>;
  /**
   * The look-ups before the tenant is known, in one round trip and without a tenant: the row that was asked for by its
   * whole key, or undefined; or whether there is one.
   *
   * @throws TenantryError `argument-invalid` for a missing or impossible value, `isolation` inside a transaction.
   * @example
   * const creator = await db.doors.findCreatorByEmail(email);
   */
  readonly doors: DoorCalls<TDoors>;
  /**
   * Work on the rows of all tenants, by the login of `adminUrl`, in one transaction that begins by writing down who does
   * it and why: into the table of `tenantAuditLog`, with the action `admin`. If that fails, nothing is done. Results in
   * caches stay until they expire.
   *
   * @throws TenantryError `argument-invalid` without an actor, a reason or an adminUrl; `schema-invalid` without an audit
   * log among the relations; `isolation` inside another transaction.
   * @example
   * await db.asAdmin({ actor: "ann@example.com", reason: "ticket 4711" }, async (tx) => {
   *   await tx.update(creators).set({ status: "suspended" }).where(eq(creators.id, id));
   * });
   */
  readonly asAdmin: AsAdmin<TRelations, Type>;
  /** Waits up to so many seconds, default 5, for what is under way, then closes all connections. */
  close(options?: { readonly timeoutSeconds?: number }): Promise<void>;
};
