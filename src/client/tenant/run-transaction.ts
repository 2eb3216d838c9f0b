import { TenantryError } from "../../core/errors.js";
import type { Database } from "../../postgres/connect.js";
import type { ExplainFailure } from "../errors/explain-failure.js";
import { backendKeyOf, sendCancelRequest } from "../pool/cancel-request.js";
import type { ConnectionPool } from "../pool/connection-pool.js";
import { isInDoubt } from "../pool/is-answer.js";
import { requireSendable } from "../pool/require-sendable.js";

/** A result on its way; `values()` asks for rows as arrays. */
export type PendingRows = Promise<unknown> & { values(): Promise<unknown> };

/** Drizzle's driver inside a transaction. */
export type TransactionDriver = {
  unsafe(sql: string, parameters: readonly unknown[], options?: { readonly prepare?: boolean }): PendingRows;
  savepoint<T>(use: (session: TransactionDriver) => Promise<T>): Promise<T>;
};

/** How a transaction is run. */
export type TransactionScope = {
  readonly pool: ConnectionPool;
  /** The statements that set the tenant context. */
  readonly context: string;
  readonly signal: AbortSignal | undefined;
  readonly explain: ExplainFailure;
  /** Called if nobody knows whether the transaction was committed: COMMIT was sent, and never answered. */
  readonly onDoubt: () => Promise<void>;
};

/** What has failed in a transaction or since a savepoint: it cannot be kept, whoever has caught the error. */
type Level = { failure: { readonly thrown: unknown } | undefined };

/**
 * Runs a callback in a transaction with the context set. BEGIN and the context are on their way with its first statement.
 * Not by `begin()` of postgres.js, which writes to a connection that is lost, and throws then where nobody can catch it.
 *
 * @throws what the callback throws, explained; the signal's reason; TenantryError `connection-failed` if the server
 * rolled back.
 */
export async function runTransaction<T>(
  scope: TransactionScope,
  use: (session: TransactionDriver) => Promise<T>,
): Promise<T> {
  const { pool, context, signal, explain, onDoubt } = scope;
  const connection = await pool.acquire(signal);
  const level: Level = { failure: undefined };
  const begun = connection.unsafe(`begin; ${context}`);
  let cancelled: Promise<void> | undefined;
  const onAbort = () => {
    const key = backendKeyOf(begun);
    if (key !== undefined) cancelled = sendCancelRequest(pool.url, key);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const began = begun.then(
    () => {},
    (thrown: unknown) => {
      level.failure ??= { thrown };
    },
  );
  try {
    const result = await use(createDriver(connection, scope, level));
    await began;
    if (level.failure !== undefined) throw level.failure.thrown;
    // Rolls back: whoever asked for it is no longer there to see it done.
    signal?.throwIfAborted();
    const { command } = await connection.unsafe("commit").catch(async (thrown: unknown) => {
      if (isInDoubt(thrown)) await onDoubt().catch(() => {});
      throw thrown;
    });
    if (command !== "COMMIT") throw notCommitted();
    signal?.removeEventListener("abort", onAbort);
    await cancelled;
    if (cancelled === undefined) pool.release(connection);
    else pool.discard(connection);
    return result;
  } catch (thrown) {
    signal?.removeEventListener("abort", onAbort);
    await cancelled;
    if (signal?.aborted === true) {
      pool.discard(connection);
      throw signal.reason;
    }
    // A connection that was lost meanwhile does not answer this, and is closed.
    await connection.unsafe("rollback").then(
      () => pool.release(connection),
      () => pool.discard(connection),
    );
    throw explain(thrown);
  }
}

function notCommitted(): TenantryError {
  return new TenantryError({
    code: "connection-failed",
    message: "The server has rolled the transaction back instead of committing it.",
    hint: "Do not end a transaction by a statement of your own: return from its callback, or throw.",
  });
}

let savepoints = 0;

function createDriver(connection: Database, scope: TransactionScope, level: Level): TransactionDriver {
  return {
    unsafe: (sql, parameters, options) => {
      scope.signal?.throwIfAborted();
      requireSendable(parameters);
      // Never simple: such a text may hold several statements. `simple` is not in the types of postgres.js.
      const query = connection.unsafe(sql, [...parameters] as never[], { ...options, ...NEVER_SIMPLE });
      const rows = query.then(undefined, (thrown: unknown) => {
        level.failure ??= { thrown };
        throw scope.explain(thrown);
      });
      return Object.assign(rows, {
        values: () => {
          query.values();
          return rows;
        },
      });
    },
    savepoint: async <T>(use: (session: TransactionDriver) => Promise<T>) => {
      savepoints += 1;
      const name = `tenantry_${savepoints}`;
      const inner: Level = { failure: undefined };
      try {
        await connection.unsafe(`savepoint ${name}`);
      } catch (thrown) {
        level.failure ??= { thrown };
        throw scope.explain(thrown);
      }
      try {
        const result = await use(createDriver(connection, scope, inner));
        if (inner.failure !== undefined) throw inner.failure.thrown;
        return result;
      } catch (thrown) {
        await connection.unsafe(`rollback to savepoint ${name}`).catch((failure: unknown) => {
          level.failure ??= { thrown: failure };
        });
        throw scope.explain(thrown);
      }
    },
  };
}

const NEVER_SIMPLE = { simple: false };
