import postgres from "postgres";
import { messageOf } from "../../core/errors.js";
import { PipelineFailure, runPipelined, type Statement } from "../pool/pipeline.js";
import { hasWrittenInScope, noteWriteInScope } from "../tenant/current-tenant.js";
import { isRead } from "./is-read.js";
import type { RecentWrites } from "./recent-writes.js";
import type { Replica } from "./replica.js";

/** Statements of one tenant, on their way. */
export type RoutedStatements = {
  readonly tenant: string;
  readonly statements: readonly Statement[];
  readonly context: string;
  readonly signal: AbortSignal | undefined;
  /** True to ask the primary in any case. */
  readonly isFresh: boolean;
};

/** What a replica said: the rows, or that the primary must be asked, perhaps because it writes. */
export type Routed =
  | { readonly rows: readonly unknown[] }
  | { readonly rows: undefined; readonly mayWrite: boolean };

const READS_ON_PRIMARY: Routed = { rows: undefined, mayWrite: false };
const WRITES: Routed = { rows: undefined, mayWrite: true };

/** By SQLSTATE, read_only_sql_transaction: a function wrote, or pg_notify(). */
const READ_ONLY = "25006";

/** By SQLSTATE: what the primary would not have said, or not yet. */
const ASK_PRIMARY: ReadonlySet<string> = new Set([
  READ_ONLY,
  // Cancelled, since the replica has to remove rows that it still reads.
  "40001",
  "40P01",
  // A migration that the replica has not replayed yet.
  "42P01",
  "42703",
  "42883",
]);

/** Decides for each statement whether a replica may be asked, and asks it. */
export class ReplicaRouter {
  readonly #replicas: readonly Replica[];
  readonly #writes: RecentWrites;
  readonly #warn: (message: string) => void;
  #next = 0;

  constructor(replicas: readonly Replica[], writes: RecentWrites, warn: (message: string) => void) {
    this.#replicas = replicas;
    this.#writes = writes;
    this.#warn = warn;
  }

  /** A tenant has written, or may have: its reads are the primary's for a while, and to the end of its `withTenant`. */
  noteWrite(tenant: string): void {
    this.#writes.note(tenant);
    noteWriteInScope();
  }

  /**
   * The rows of statements that only read, from the first replica that can tell.
   *
   * @throws PipelineFailure what the statements themselves are refused for; the signal's reason.
   */
  async read(request: RoutedStatements): Promise<Routed> {
    const { tenant, statements, context, signal } = request;
    if (!statements.every(({ sql }) => isRead(sql))) return WRITES;
    if (request.isFresh || this.#writes.has(tenant) || hasWrittenInScope()) return READS_ON_PRIMARY;
    for (const replica of this.#inTurn()) {
      if (!replica.isSound) await this.#guard(replica);
      if (!replica.isSound) continue;
      try {
        const prepared = statements.map((statement) => ({ ...statement, prepare: replica.prepares }));
        return { rows: await runPipelined(replica.pool, prepared, { context, signal, isReadOnly: true }) };
      } catch (thrown) {
        const cause = thrown instanceof PipelineFailure ? thrown.thrown : thrown;
        if (signal?.aborted === true) throw thrown;
        if (cause instanceof postgres.PostgresError && cause.severity === "ERROR") {
          if (ASK_PRIMARY.has(cause.code)) return cause.code === READ_ONLY ? WRITES : READS_ON_PRIMARY;
          throw thrown;
        }
        // Lost, shutting down, full: reading twice does no harm.
        replica.rest();
        this.#warn(`a replica is passed over: ${messageOf(cause)}`);
      }
    }
    return READS_ON_PRIMARY;
  }

  /** Waits for what is under way, then closes all connections. */
  async close(timeoutSeconds: number): Promise<void> {
    await Promise.all(this.#replicas.map(({ pool }) => pool.close(timeoutSeconds)));
  }

  /** All that may answer, each time another one first. */
  #inTurn(): readonly Replica[] {
    const able = this.#replicas.filter(({ mayAnswer }) => mayAnswer);
    if (able.length < 2) return able;
    this.#next = (this.#next + 1) % able.length;
    return [...able.slice(this.#next), ...able.slice(0, this.#next)];
  }

  /** One that was not there when the service started: it is judged before it is asked. */
  async #guard(replica: Replica): Promise<void> {
    try {
      await replica.guard();
    } catch (thrown) {
      this.#warn(`a replica is never asked: ${messageOf(thrown)}`);
    }
  }
}
