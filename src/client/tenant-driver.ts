import type postgres from "postgres";
import { TenantryError } from "../core/errors.js";
import type { Session } from "../postgres/connect.js";
import type { ConnectionPool } from "./connection-pool.js";
import { runPipelined } from "./pipeline.js";
import { requireSendable } from "./require-sendable.js";
import { insideTenant, refuseInside, setContextSql } from "./tenant-context.js";

/** What drizzle's session for postgres.js calls on a pool: no more than this. */
export type TenantDriver = {
  /** Drizzle writes its own handling of dates into them; the pool's connections have been told. */
  readonly options: { readonly parsers: object; readonly serializers: object };
  unsafe(sql: string, parameters: readonly unknown[], options?: UnsafeOptions): PendingRows;
  begin<T>(use: (session: TransactionDriver) => Promise<T>): Promise<T>;
};

/** The same on a transaction. */
export type TransactionDriver = {
  unsafe(sql: string, parameters: readonly unknown[], options?: UnsafeOptions): PendingRows;
  savepoint<T>(use: (session: TransactionDriver) => Promise<T>): Promise<T>;
};

type UnsafeOptions = { readonly prepare?: boolean };

/** A result on its way; `values()` asks for rows as arrays. */
export type PendingRows = Promise<unknown> & { values(): Promise<unknown> };

/** Whose statements, where, and how. */
export type DriverScope = {
  readonly pool: ConnectionPool;
  readonly setting: string;
  /** Parsed by `parseTenantId`. */
  readonly tenant: string;
  readonly prepare: boolean;
};

/** Drizzle's driver for one tenant: each statement in a transaction of its own, in that tenant's context. */
export function createTenantDriver({ pool, setting, tenant, prepare }: DriverScope): TenantDriver {
  const context = setContextSql(setting, tenant);
  return {
    options: { parsers: {}, serializers: {} },
    unsafe: (sql, parameters) => {
      let asArrays = false;
      const run = async () => {
        refuseInside(tenant, pool);
        requireSendable(parameters);
        // Drizzle says right after this call, and in the same turn, how it wants the rows.
        await undefined;
        // Drizzle asks not to prepare what has no name. Prepared, a statement takes one round trip from its second
        // time on; unprepared it takes three, since postgres.js asks for the types of its parameters first.
        return await runPipelined(pool, context, { sql, parameters, prepare, asArrays });
      };
      const rows = run();
      return Object.assign(rows, {
        values: () => {
          asArrays = true;
          return rows;
        },
      });
    },
    begin: async (use) => {
      refuseInside(tenant, pool);
      return await runTransaction(pool, context, (session) =>
        insideTenant(tenant, pool, () => use(transactionDriver(session))),
      );
    },
  };
}

type TransactionSession = Session & Pick<postgres.TransactionSql, "savepoint">;

async function runTransaction<T>(
  pool: ConnectionPool,
  context: string,
  use: (session: TransactionSession) => Promise<T>,
): Promise<T> {
  const connection = await pool.acquire();
  let outcome: { readonly result: T } | undefined;
  try {
    // What a callback returns, postgres.js would unwrap: hence a variable.
    await connection.begin(async (session) => {
      // On its way before the callback's first statement, without waiting for the answer.
      const set = session.unsafe(context).execute();
      outcome = { result: await use(session) };
      await set;
    });
    pool.release(connection);
  } catch (thrown) {
    // Rolled back, most likely; a connection that was lost meanwhile does not answer this, and is closed.
    connection.unsafe("rollback").then(
      () => pool.release(connection),
      () => pool.discard(connection),
    );
    throw thrown;
  }
  if (outcome !== undefined) return outcome.result;
  throw new TenantryError({
    code: "connection-failed",
    message: "The transaction ended before its callback.",
  });
}

function transactionDriver(session: TransactionSession): TransactionDriver {
  return {
    unsafe: (sql, parameters, options) => {
      requireSendable(parameters);
      return session.unsafe(sql, [...parameters] as never[], options);
    },
    savepoint: async <T>(use: (session: TransactionDriver) => Promise<T>) => {
      const { result } = await session.savepoint(async (inner) => ({
        result: await use(transactionDriver(inner)),
      }));
      return result as T;
    },
  };
}
