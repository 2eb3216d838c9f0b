import postgres from "postgres";
import { TenantryError } from "../core/errors.js";
import type { Database } from "../postgres/connect.js";
import type { ConnectionPool } from "./connection-pool.js";

/** One statement, as drizzle hands it to its driver. */
export type Statement = {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** Keep the statement prepared on its connection; without that, parameters cost two round trips more. */
  readonly prepare: boolean;
  /** True for rows as arrays of values, false for rows as objects. */
  readonly asArrays: boolean;
};

/**
 * Runs one statement in a transaction of its own: BEGIN and the context, the statement, and COMMIT are sent without
 * waiting in between, so that all of it takes one round trip.
 *
 * @param context the statement that sets the tenant context.
 * @throws the statement's own error of postgres.js, else the one of COMMIT, such as a deferred constraint's;
 * TenantryError `connection-failed` if the connection was lost before COMMIT was sent.
 */
export async function runPipelined(
  pool: ConnectionPool,
  context: string,
  statement: Statement,
): Promise<unknown> {
  const first = await attempt(pool, context, statement);
  // Rolled back, although nothing failed, or because a migration has outdated the prepared statement: postgres.js then
  // prepares it anew and repeats it, but behind the COMMIT, outside the transaction and without a context, so that its
  // answer is worth nothing. Nothing was changed; from the start once more.
  const isOutdated =
    first.command === "ROLLBACK" && (first.failure === undefined || first.failure.isOutdated);
  const { failure, command, rows } = isOutdated ? await attempt(pool, context, statement) : first;
  if (failure !== undefined) throw failure.thrown;
  if (command === "COMMIT") return rows;
  throw new Error(`PostgreSQL answered COMMIT with ${command}, although the statement did not fail`);
}

type Attempt = {
  readonly rows: unknown;
  /** How the server says that the transaction ended. */
  readonly command: string;
  readonly failure: { readonly thrown: unknown; readonly isOutdated: boolean } | undefined;
};

async function attempt(pool: ConnectionPool, context: string, statement: Statement): Promise<Attempt> {
  const connection = await pool.acquire();
  let isSound = false;
  try {
    const { began, answered, ended } = await send(connection, context, statement);
    const failed = [began, answered, ended].find((step) => step.status === "rejected");
    isSound = [began, answered, ended].every((step) => step.status === "fulfilled" || isAnswer(step.reason));
    const rows = answered.status === "fulfilled" ? answered.value : undefined;
    const command = ended.status === "fulfilled" ? ended.value.command : "";
    if (failed !== undefined) {
      const isOutdated = failed === answered && OUTDATED.has(String(routineOf(failed.reason)));
      return { rows, command, failure: { thrown: failed.reason, isOutdated } };
    }
    return { rows, command, failure: undefined };
  } finally {
    if (isSound) pool.release(connection);
    else pool.discard(connection);
  }
}

async function send(connection: Database, context: string, statement: Statement) {
  const begin = connection.unsafe(`begin; ${context}`);
  // `simple` is not in the types of postgres.js. Never simple: such a text may hold several statements.
  const options = { prepare: statement.prepare, simple: false };
  const query = connection.unsafe(statement.sql, [...statement.parameters] as never[], options);
  if (statement.asArrays) query.values();

  // Asking for a result sends the statement.
  let backend: number | undefined;
  let isUnwritable = false;
  const began = begin.then(
    ({ state }) => {
      backend = state.pid;
    },
    (thrown: unknown) => {
      isUnwritable = !isAnswer(thrown);
      throw thrown;
    },
  );
  const answered = query.execute();
  // Two turns of the microtask queue: both are written by now, and no answer can have come.
  await undefined;
  await undefined;
  if (isUnwritable) {
    // postgres.js could not write the statement (a number where it knows that a date is due), and blamed BEGIN. From
    // here on it takes every answer for the statement before: nothing may be sent on this connection again.
    answered.catch(() => {});
    return { began: await settle(began), answered: SKIPPED, ended: SKIPPED };
  }
  const ended = connection.unsafe("commit").then((result) => {
    if (result.state.pid === backend) return result;
    // Sent on a new connection, where there was nothing to commit.
    throw new TenantryError({
      code: "connection-failed",
      message:
        "The connection was lost before the statement could be committed; the server has rolled it back.",
      hint: "Run it again.",
    });
  });
  const all = await Promise.allSettled([began, answered, ended]);
  return { began: all[0], answered: all[1], ended: all[2] };
}

const SKIPPED: PromiseSettledResult<never> = { status: "rejected", reason: undefined };

async function settle<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}

/** True for an error that the server answered with and went on; not for one of a connection that ended. */
function isAnswer(thrown: unknown): boolean {
  return thrown instanceof postgres.PostgresError && thrown.severity === "ERROR";
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
