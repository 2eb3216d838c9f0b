import postgres from "postgres";
import { TenantryError } from "../../core/errors.js";
import type { Database } from "../../postgres/connect.js";
import { backendKeyOf, sendCancelRequest } from "./cancel-request.js";
import type { ConnectionPool } from "./connection-pool.js";
import { isAnswer } from "./is-answer.js";

/** One statement, as drizzle hands it to its driver. */
export type Statement = {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** Keep the statement prepared on its connection; without that, parameters cost two round trips more. */
  readonly prepare: boolean;
  /** True for rows as arrays of values, false for rows as objects. */
  readonly asArrays: boolean;
  /** True if a replica must not answer it. */
  readonly mustBeFresh?: boolean;
};

/** How statements are sent. */
export type PipelineOptions = {
  /** The statements that set the tenant context. */
  readonly context: string;
  /** Cancels on the server what is under way; its reason is what is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** In a transaction that refuses to write; for replicas, and for what only calls itself one. */
  readonly isReadOnly?: boolean;
};

/** What went wrong, with which of the statements; undefined for BEGIN, the context, or COMMIT. */
export class PipelineFailure extends Error {
  readonly index: number | undefined;
  readonly thrown: unknown;

  constructor(index: number | undefined, thrown: unknown) {
    super("a statement failed");
    this.index = index;
    this.thrown = thrown;
  }
}

/**
 * Runs statements in a transaction of their own: BEGIN and the context, the statements, and COMMIT are sent without
 * waiting in between, so that all of it takes one round trip.
 *
 * @throws PipelineFailure with the error of the first statement that failed, of postgres.js; else the one of COMMIT,
 * such as a deferred constraint's; TenantryError `connection-failed` in it if the connection was lost before COMMIT was
 * sent.
 */
export async function runPipelined(
  pool: ConnectionPool,
  statements: readonly Statement[],
  options: PipelineOptions,
): Promise<readonly unknown[]> {
  const first = await attempt(pool, statements, options);
  // Rolled back, although nothing failed, or because a migration has outdated a prepared statement: postgres.js then
  // prepares it anew and repeats it, but behind the COMMIT, outside the transaction and without a context, so that its
  // answer is worth nothing. Nothing was changed; from the start once more.
  const isOutdated =
    first.command === "ROLLBACK" && (first.failure === undefined || first.failure.isOutdated);
  const { failure, command, rows } = isOutdated ? await attempt(pool, statements, options) : first;
  if (options.signal?.aborted === true && (failure !== undefined || command !== "COMMIT"))
    throw new PipelineFailure(undefined, options.signal.reason);
  if (failure !== undefined) throw new PipelineFailure(failure.index, failure.thrown);
  if (command === "COMMIT") return rows;
  throw new Error(`PostgreSQL answered COMMIT with ${command}, although no statement failed`);
}

type Attempt = {
  readonly rows: readonly unknown[];
  /** How the server says that the transaction ended. */
  readonly command: string;
  readonly failure:
    | { readonly index: number | undefined; readonly thrown: unknown; readonly isOutdated: boolean }
    | undefined;
};

type Steps = {
  readonly began: PromiseSettledResult<void>;
  readonly answered: readonly PromiseSettledResult<unknown>[];
  readonly ended: PromiseSettledResult<{ readonly command: string }>;
};

async function attempt(
  pool: ConnectionPool,
  statements: readonly Statement[],
  options: PipelineOptions,
): Promise<Attempt> {
  const { signal } = options;
  const connection = await pool.acquire(signal);
  let isSound = false;
  try {
    const { began, answered, ended } = await send(pool, connection, statements, options);
    const steps = [began, ...answered, ended];
    const failedAt = steps.findIndex((step) => step.status === "rejected");
    // What was cancelled may be hit a moment later: the next statement on this connection would be another tenant's.
    isSound =
      signal?.aborted !== true && steps.every((step) => step.status === "fulfilled" || isAnswer(step.reason));
    const rows = answered.map((step) => (step.status === "fulfilled" ? step.value : undefined));
    const command = ended.status === "fulfilled" ? ended.value.command : "";
    const failed = steps[failedAt];
    if (failed?.status === "rejected") {
      const isStatement = failedAt > 0 && failedAt <= answered.length;
      const thrown: unknown = failed.reason;
      const isOutdated = isStatement && OUTDATED.has(String(routineOf(thrown)));
      return {
        rows,
        command,
        failure: { index: isStatement ? failedAt - 1 : undefined, thrown, isOutdated },
      };
    }
    return { rows, command, failure: undefined };
  } finally {
    if (isSound) pool.release(connection);
    else pool.discard(connection);
  }
}

async function send(
  pool: ConnectionPool,
  connection: Database,
  statements: readonly Statement[],
  { context, signal, isReadOnly = false }: PipelineOptions,
): Promise<Steps> {
  const begin = connection.unsafe(`begin${isReadOnly ? " read only" : ""}; ${context}`);
  // Asking for a result sends the statement.
  let backend: number | undefined;
  let isUnwritable = false;
  const began = settle(
    begin.then(
      ({ state }) => {
        backend = state.pid;
      },
      (thrown: unknown) => {
        isUnwritable = !isAnswer(thrown);
        throw thrown;
      },
    ),
  );
  const queries: SentQuery[] = [];
  const answered: Promise<PromiseSettledResult<unknown>>[] = [];
  for (const statement of statements) {
    // `simple` is not in the types of postgres.js. Never simple: such a text may hold several statements.
    const options = { prepare: statement.prepare, simple: false };
    const query = connection.unsafe(statement.sql, [...statement.parameters] as never[], options);
    if (statement.asArrays) query.values();
    queries.push(query);
    answered.push(settle(query.execute()));
    // Two turns of the microtask queue: it is written by now, and no answer can have come.
    await undefined;
    await undefined;
    if (isUnwritable) {
      // postgres.js could not write the statement (a number where it knows that a date is due), and blamed another. From
      // here on it takes every answer for the statement before: nothing may be sent on this connection again.
      return { began: await began, answered: statements.map(() => SKIPPED), ended: SKIPPED };
    }
  }
  const commit = async () => {
    const result = await connection.unsafe("commit");
    if (result.state.pid === backend) return result;
    // Sent on a new connection, where there was nothing to commit.
    throw new TenantryError({
      code: "connection-failed",
      message:
        "The connection was lost before the statement could be committed; the server has rolled it back.",
      hint: "Run it again.",
    });
  };
  const finish = async (): Promise<Steps> => {
    // One of several that cannot be written is not sent, and a COMMIT behind it would keep the others.
    if (statements.length > 1 && !queries.every(isWritten)) {
      const answers = await Promise.all(answered);
      const isWhole = answers.every(({ status }) => status === "fulfilled");
      const isLost = answers.some((step) => step.status === "rejected" && !isAnswer(step.reason));
      if (isLost) return { began: await began, answered: answers, ended: SKIPPED };
      const ended = await settle(isWhole ? commit() : connection.unsafe("rollback"));
      return { began: await began, answered: answers, ended };
    }
    const ended = settle(commit());
    return { began: await began, answered: await Promise.all(answered), ended: await ended };
  };
  return await cancelOnAbort(signal, () => cancel(pool, [begin, ...queries]), finish);
}

type SentQuery = object;

/** Cancels the backend that has taken one of these; where none has, nothing runs. */
async function cancel(pool: ConnectionPool, queries: readonly SentQuery[]): Promise<void> {
  const keys = queries.flatMap((query) => backendKeyOf(query) ?? []);
  if (keys[0] !== undefined) await sendCancelRequest(pool.url, keys[0]);
}

/** Runs something, and meanwhile listens for the signal. */
async function cancelOnAbort<T>(
  signal: AbortSignal | undefined,
  cancelNow: () => Promise<void>,
  use: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return await use();
  let cancelled: Promise<void> | undefined;
  const onAbort = () => {
    cancelled = cancelNow();
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await use();
  } finally {
    signal.removeEventListener("abort", onAbort);
    await cancelled;
  }
}

/**
 * True for a statement of which postgres.js has nothing left to write: neither waits it for its turn, nor for the types
 * of its parameters. What these fields of its queries do not say is taken for no.
 */
function isWritten(query: SentQuery): boolean {
  return Reflect.get(query, "state") !== null && "describeFirst" in query && !query.describeFirst;
}

const SKIPPED: PromiseSettledResult<never> = { status: "rejected", reason: undefined };

async function settle<T>(promise: PromiseLike<T>): Promise<PromiseSettledResult<T>> {
  try {
    return { status: "fulfilled", value: await promise };
  } catch (reason) {
    return { status: "rejected", reason };
  }
}

/** Where the server finds that a prepared statement is gone, or would return other columns than it promised. */
const OUTDATED: ReadonlySet<string> = new Set([
  "FetchPreparedStatement",
  "RevalidateCachedQuery",
  "transformAssignedExpr",
]);

function routineOf(thrown: unknown): string | undefined {
  return thrown instanceof postgres.PostgresError ? thrown.routine : undefined;
}
