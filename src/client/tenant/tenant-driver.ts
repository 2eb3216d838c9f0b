import type postgres from "postgres";
import { TenantryError } from "../../core/errors.js";
import type { Session } from "../../postgres/connect.js";
import type { ExplainFailure } from "../errors/explain-failure.js";
import { backendKeyOf, sendCancelRequest } from "../pool/cancel-request.js";
import type { ConnectionPool } from "../pool/connection-pool.js";
import { PipelineFailure, runPipelined, type Statement } from "../pool/pipeline.js";
import { requireSendable } from "../pool/require-sendable.js";
import { BatchFailure, joinBatch } from "./batch.js";
import { insideTenant, refuseInside } from "./surroundings.js";

/** What all tenants' drivers of one client have in common. */
export type DriverScope = {
  readonly pool: ConnectionPool;
  readonly prepare: boolean;
  readonly explain: ExplainFailure;
  /** Called when a transaction has been committed, with what was noted inside it. */
  readonly onCommit: (tenant: string, noted: readonly unknown[]) => Promise<void>;
};

/** A result on its way; `values()` asks for rows as arrays. */
export type PendingRows = Promise<unknown> & { values(): Promise<unknown> };

type UnsafeOptions = { readonly prepare?: boolean };

/** Drizzle writes its own handling of dates into them; the pool's connections have been told. */
const OPTIONS = { parsers: {}, serializers: {} };

/**
 * Drizzle's driver for one tenant: each statement in a transaction of its own, in that tenant's context. It has what
 * drizzle's session for postgres.js calls on a client, and no more.
 */
export class TenantDriver {
  readonly options = OPTIONS;
  readonly #scope: DriverScope;
  readonly #tenant: string;
  readonly #context: string;
  readonly #signal: AbortSignal | undefined;

  /** @param context the statements that set the tenant context, of `setContextSql`. */
  constructor(scope: DriverScope, tenant: string, context: string, signal: AbortSignal | undefined) {
    this.#scope = scope;
    this.#tenant = tenant;
    this.#context = context;
    this.#signal = signal;
  }

  /** One statement, in a transaction of its own or in the batch that is being gathered. */
  unsafe(sql: string, parameters: readonly unknown[]): PendingRows {
    let asArrays = false;
    // Drizzle asks not to prepare what has no name. Prepared, a statement takes one round trip from its second time on;
    // unprepared it takes three, since postgres.js asks for the types of its parameters first.
    const statement = (): Statement => ({ sql, parameters, prepare: this.#scope.prepare, asArrays });
    const rows = this.#run(parameters, statement);
    return Object.assign(rows, {
      values: () => {
        asArrays = true;
        return rows;
      },
    });
  }

  async #run(parameters: readonly unknown[], statement: () => Statement): Promise<unknown> {
    refuseInside(this.#tenant, this.#scope.pool);
    requireSendable(parameters);
    const joined = joinBatch(this, statement);
    if (joined !== undefined) return await joined;
    // Drizzle says right after this call, and in the same turn, how it wants the rows.
    await undefined;
    const [rows] = await this.#send([statement()]);
    return rows;
  }

  /** Several statements in one transaction and one round trip. */
  async sendBatch(statements: readonly Statement[]): Promise<readonly unknown[]> {
    refuseInside(this.#tenant, this.#scope.pool);
    return await this.#send(statements);
  }

  async #send(statements: readonly Statement[]): Promise<readonly unknown[]> {
    const { pool, explain } = this.#scope;
    try {
      return await runPipelined(pool, statements, { context: this.#context, signal: this.#signal });
    } catch (thrown) {
      if (!(thrown instanceof PipelineFailure)) throw thrown;
      const explained = explain(thrown.thrown);
      throw statements.length > 1 && thrown.index !== undefined
        ? new BatchFailure(thrown.index, explained)
        : explained;
    }
  }

  /** A transaction with the context set; its callback's own errors are passed on as they are. */
  async begin<T>(use: (session: TransactionDriver) => Promise<T>): Promise<T> {
    const { pool, explain, onCommit } = this.#scope;
    refuseInside(this.#tenant, pool);
    const noted: unknown[] = [];
    const result = await runTransaction(
      { pool, context: this.#context, signal: this.#signal, explain },
      (session) => insideTenant(this.#tenant, pool, noted, () => use(session)),
    );
    if (noted.length > 0) await onCommit(this.#tenant, noted);
    return result;
  }
}

/** The same on a transaction. */
export type TransactionDriver = {
  unsafe(sql: string, parameters: readonly unknown[], options?: UnsafeOptions): PendingRows;
  savepoint<T>(use: (session: TransactionDriver) => Promise<T>): Promise<T>;
};

type TransactionSession = Session & Pick<postgres.TransactionSql, "savepoint">;

type TransactionScope = {
  readonly pool: ConnectionPool;
  readonly context: string;
  readonly signal: AbortSignal | undefined;
  readonly explain: ExplainFailure;
};

async function runTransaction<T>(
  scope: TransactionScope,
  use: (session: TransactionDriver) => Promise<T>,
): Promise<T> {
  const { pool, context, signal, explain } = scope;
  const connection = await pool.acquire(signal);
  let outcome: { readonly result: T } | undefined;
  let begun: object | undefined;
  let cancelled: Promise<void> | undefined;
  const onAbort = () => {
    const key = begun === undefined ? undefined : backendKeyOf(begun);
    if (key !== undefined) cancelled = sendCancelRequest(pool.url, key);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    // What a callback returns, postgres.js would unwrap: hence a variable.
    await connection.begin(async (session) => {
      // On its way before the callback's first statement, without waiting for the answer. Several statements: simple.
      const set = session.unsafe(context).simple().execute();
      begun = set;
      // Where the callback fails first, nobody asks for it any more.
      set.catch(() => {});
      outcome = { result: await use(transactionDriver(session, scope)) };
      await set;
      // Rolls back: whoever asked for it is no longer there to see it done.
      signal?.throwIfAborted();
    });
  } catch (thrown) {
    signal?.removeEventListener("abort", onAbort);
    await cancelled;
    if (signal?.aborted === true) {
      pool.discard(connection);
      throw signal.reason;
    }
    // Rolled back, most likely; a connection that was lost meanwhile does not answer this, and is closed.
    connection.unsafe("rollback").then(
      () => pool.release(connection),
      () => pool.discard(connection),
    );
    throw explain(thrown);
  }
  signal?.removeEventListener("abort", onAbort);
  await cancelled;
  if (cancelled === undefined) pool.release(connection);
  else pool.discard(connection);
  if (outcome !== undefined) return outcome.result;
  throw new TenantryError({
    code: "connection-failed",
    message: "The transaction ended before its callback.",
  });
}

function transactionDriver(session: TransactionSession, scope: TransactionScope): TransactionDriver {
  return {
    unsafe: (sql, parameters, options) => {
      scope.signal?.throwIfAborted();
      requireSendable(parameters);
      const query = session.unsafe(sql, [...parameters] as never[], options);
      const rows = query.then(undefined, (thrown: unknown) => {
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
      const { result } = await session.savepoint(async (inner) => ({
        result: await use(transactionDriver(inner, scope)),
      }));
      return result as T;
    },
  };
}
