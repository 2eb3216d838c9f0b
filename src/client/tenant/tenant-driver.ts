import type { ExplainFailure } from "../errors/explain-failure.js";
import type { Observation, Observe } from "../observe/observer.js";
import type { ConnectionPool } from "../pool/connection-pool.js";
import { isInDoubt } from "../pool/is-answer.js";
import { PipelineFailure, runPipelined, type Statement } from "../pool/pipeline.js";
import { requireSendable } from "../pool/require-sendable.js";
import type { ReplicaRouter } from "../replicas/replica-router.js";
import { BatchFailure, joinBatch } from "./batch.js";
import { isFilling } from "./cached-read.js";
import { type PendingRows, runTransaction, type TransactionDriver } from "./run-transaction.js";
import { insideTenant } from "./surroundings.js";
import type { AsOptions } from "./tenant-id-input.js";

/** What all tenants' drivers of one client have in common. */
export type DriverScope = {
  readonly pool: ConnectionPool;
  readonly prepare: boolean;
  readonly explain: ExplainFailure;
  /** Undefined where there are no replicas. */
  readonly router: ReplicaRouter | undefined;
  readonly observe: Observe;
  /** Refuses a tenant where the running code is another's, or inside a transaction: as `db.as()`, but when it is used. */
  readonly requireFree: (tenant: string) => void;
  /** Called when a transaction has been committed, or may have been, with what was noted inside it. */
  readonly onCommit: (tenant: string, noted: readonly unknown[]) => Promise<void>;
};

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
  readonly #isFresh: boolean;

  /** @param context the statements that set the tenant context, of `setContextSql`. */
  constructor(
    scope: DriverScope,
    tenant: string,
    context: string,
    { signal, fresh = false }: Pick<AsOptions, "signal" | "fresh">,
  ) {
    this.#scope = scope;
    this.#tenant = tenant;
    this.#context = context;
    this.#signal = signal;
    this.#isFresh = fresh;
  }

  /** One statement, in a transaction of its own or in the batch that is being gathered. */
  unsafe(sql: string, parameters: readonly unknown[]): PendingRows {
    let asArrays = false;
    // Drizzle asks not to prepare what has no name. Prepared, a statement takes one round trip from its second time on;
    // unprepared it takes three, since postgres.js asks for the types of its parameters first.
    const mustBeFresh = isFilling();
    const { prepare } = this.#scope;
    const statement = (): Statement => ({ sql, parameters, prepare, asArrays, mustBeFresh });
    const rows = this.#run(parameters, statement);
    return Object.assign(rows, {
      values: () => {
        asArrays = true;
        return rows;
      },
    });
  }

  async #run(parameters: readonly unknown[], statement: () => Statement): Promise<unknown> {
    this.#scope.requireFree(this.#tenant);
    requireSendable(parameters);
    const joined = joinBatch(this, statement);
    if (joined !== undefined) return await joined;
    // Drizzle says right after this call, and in the same turn, how it wants the rows.
    await undefined;
    const sent = statement();
    const [rows] = await this.#observed("statement", [sent]);
    return rows;
  }

  /** Several statements in one transaction and one round trip. */
  async sendBatch(statements: readonly Statement[]): Promise<readonly unknown[]> {
    this.#scope.requireFree(this.#tenant);
    return await this.#observed("batch", statements);
  }

  async #observed(
    kind: "statement" | "batch",
    statements: readonly Statement[],
  ): Promise<readonly unknown[]> {
    const what = { kind, tenant: this.#tenant, statements: statements.length, sql: statements[0]?.sql };
    return await this.#scope.observe(what, (observation) => this.#send(statements, observation));
  }

  async #send(statements: readonly Statement[], observation: Observation): Promise<readonly unknown[]> {
    const { pool, explain, router } = this.#scope;
    const request = {
      tenant: this.#tenant,
      statements,
      context: this.#context,
      signal: this.#signal,
      isFresh: this.#isFresh || statements.some(({ mustBeFresh }) => mustBeFresh === true),
    };
    let mayWrite = false;
    try {
      const routed = router === undefined ? undefined : await router.read(request);
      if (routed?.rows !== undefined) {
        observation.server = "replica";
        return routed.rows;
      }
      mayWrite = routed?.mayWrite === true;
      const rows = await runPipelined(pool, statements, request);
      if (mayWrite) router?.noteWrite(this.#tenant);
      return rows;
    } catch (thrown) {
      // It may have been committed all the same.
      if (mayWrite && isInDoubt(thrown instanceof PipelineFailure ? thrown.thrown : thrown))
        router?.noteWrite(this.#tenant);
      if (!(thrown instanceof PipelineFailure)) throw thrown;
      const explained = explain(thrown.thrown);
      throw statements.length > 1 && thrown.index !== undefined
        ? new BatchFailure(thrown.index, explained)
        : explained;
    }
  }

  /** A transaction with the context set; its callback's own errors are passed on as they are. */
  async begin<T>(use: (session: TransactionDriver) => Promise<T>): Promise<T> {
    const { pool, explain, onCommit, router, observe, requireFree } = this.#scope;
    requireFree(this.#tenant);
    const noted: unknown[] = [];
    const report = async () => {
      // What it has done, only the server knows.
      router?.noteWrite(this.#tenant);
      if (noted.length > 0) await onCommit(this.#tenant, noted);
    };
    const scope = { pool, context: this.#context, signal: this.#signal, explain, onDoubt: report };
    const what = { kind: "transaction", tenant: this.#tenant, statements: 0, sql: undefined } as const;
    const result = await observe(what, () =>
      runTransaction(scope, (session) => insideTenant(this.#tenant, pool, noted, () => use(session))),
    );
    await report();
    return result;
  }
}
