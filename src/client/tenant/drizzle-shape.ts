import type { AnyRelations } from "drizzle-orm";
import { type Cache, strategyFor } from "drizzle-orm/cache/core/cache";
import type { Logger } from "drizzle-orm/logger";
import { PgDialect } from "drizzle-orm/pg-core";
import { PostgresJsDatabase, PostgresJsSession, postgresJsCodecs } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import { isInDoubt } from "../pool/is-answer.js";
import { insideCachedRead } from "./cached-read.js";

/** Makes Drizzle databases that differ in their driver alone. */
export type DrizzleShape<TRelations extends AnyRelations> = (
  driver: object,
  cache: Cache | undefined,
) => PostgresJsDatabase<TRelations>;

/**
 * Drizzle's database is made once; each tenant's inherits from it, and has a session of its own. `drizzle()` builds
 * everything anew, 20 µs each time, and a service does so for each request. What depends on how Drizzle 1.0 is made
 * inside is in this file.
 */
export function createDrizzleShape<TRelations extends AnyRelations>(
  relations: TRelations,
  logger: Logger | undefined,
): DrizzleShape<TRelations> {
  const dialect = new PgDialect({ codecs: postgresJsCodecs });
  const openSession = (driver: object, cache: Cache | undefined) => {
    // Drizzle's session calls nothing else on a client than what a TenantDriver has.
    const session = new PostgresJsSession(driver as postgres.Sql, dialect, relations, {
      ...(logger === undefined ? {} : { logger }),
      ...(cache === undefined ? {} : { cache }),
    });
    return cache === undefined ? session : tellExecutionsApart(session, cache);
  };
  const build = (session: ReturnType<typeof openSession>) =>
    new PostgresJsDatabase<TRelations>(dialect, session, relations);
  const template = build(openSession({}, undefined));
  // `query` has a builder for each table, bound to the session: made when it is first asked for.
  const shape: object = Object.create(template, {
    query: {
      get(this: { session: ReturnType<typeof openSession> }) {
        const { query } = build(this.session);
        Object.defineProperty(this, "query", { value: query });
        return query;
      },
    },
  });
  return (driver, cache) => {
    const session = openSession(driver, cache);
    const database = Object.create(shape);
    database.session = session;
    database._ = { relations, session };
    if (cache !== undefined)
      database.$cache = { invalidate: (change: Parameters<Cache["onMutate"]>[0]) => cache.onMutate(change) };
    return database;
  };
}

/**
 * Drizzle looks a query up in the cache, runs it and keeps its rows, and does not tell the cache which execution it is
 * about: this does. Nor does it tell the cache of a change that failed: it may have been committed if its connection was
 * lost. A transaction's session is Drizzle's own, so that nothing of it is kept.
 */
function tellExecutionsApart<TSession extends object>(session: TSession, cache: Cache): TSession {
  const prepareQuery = methodOf(session, "prepareQuery");
  const value = (...given: unknown[]): unknown => {
    const prepared = prepareQuery(...given);
    const ask = methodOf(prepared, "queryWithCache");
    const inside = async (...of: unknown[]): Promise<unknown> => {
      try {
        return await insideCachedRead(() => ask(...of));
      } catch (thrown) {
        const tables = await changedTables(prepared);
        // The error that is thrown is the query's own, whatever a cache says.
        if (tables.length > 0 && isInDoubt(thrown)) await cache.onMutate({ tables }).catch(() => {});
        throw thrown;
      }
    };
    Object.defineProperty(prepared, "queryWithCache", { value: inside });
    return prepared;
  };
  return Object.defineProperty(session, "prepareQuery", { value });
}

/** The tables that a prepared query of Drizzle's changes, as Drizzle itself finds them out. */
async function changedTables(prepared: unknown): Promise<string[]> {
  if (typeof prepared !== "object" || prepared === null) return [];
  const strategy = await strategyFor("", [], Reflect.get(prepared, "queryMetadata"), undefined);
  return strategy.type === "invalidate" ? strategy.tables : [];
}

function methodOf(object: unknown, name: string): (...of: unknown[]) => unknown {
  const method: unknown =
    typeof object === "object" && object !== null ? Reflect.get(object, name) : undefined;
  if (typeof method !== "function") throw new Error(`drizzle-orm has no ${name}(): is it another version?`);
  return (...of) => Reflect.apply(method, object, of);
}
