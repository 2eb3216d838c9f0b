import type postgres from "postgres";
import { codeOf, messageOf } from "../../core/errors.js";
import { quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { TenancySettings } from "../../core/tenancy-settings.js";
import type { Session } from "../../postgres/connect.js";

/** One row of an answer; every value is selected as text. */
export type AnswerRow = Readonly<Record<string, string | null>>;

/** What the server said to one statement. */
export type Answer =
  | { readonly ok: true; readonly rows: readonly AnswerRow[]; readonly count: number }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly constraint: string | undefined;
    };

/** Settings of the service for one attack. */
export type ServiceState = {
  /** The tenant; an empty text as after a transaction that had one; undefined to leave the setting as it is. */
  readonly context: string | undefined;
  /** Further settings. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** The one connection on which everything happens, inside a transaction that is rolled back. */
export type ProbeSession = {
  /** Runs a statement as whoever makes the rows. Throws what the server throws; the transaction is then aborted. */
  owner(statement: string): Promise<readonly AnswerRow[]>;
  /** The same, undone on failure and kept on success. */
  tryOwner(statement: string): Promise<Answer>;
  /** Runs a statement as the service role, and undoes it and the role whatever happens. */
  attack(state: ServiceState, statement: string): Promise<Answer>;
  /** Runs statements as the service role, then `proof` as whoever makes the rows; undoes it all, gives the proof. */
  attackAndProve(
    state: ServiceState,
    statement: string,
    proof: string,
  ): Promise<{ readonly answer: Answer; readonly proof: readonly AnswerRow[] }>;
  /** Runs a function and undoes what it did. */
  undone<T>(use: () => Promise<T>): Promise<T>;
  /** True once the run has been told to stop. */
  isStopped(): boolean;
};

/** How rows are made: by the login itself where nothing binds it, else by the admin role. */
export type SessionRoles = { readonly service: string; readonly maker: string | undefined };

/**
 * Wraps a connection that is inside a transaction. Each call is one or two round trips, since statements without
 * parameters may be sent together.
 */
export function createProbeSession(
  connection: Session,
  settings: TenancySettings,
  roles: SessionRoles,
  signal: AbortSignal | undefined,
): ProbeSession {
  let depth = 0;
  const send = async (statements: readonly string[]): Promise<readonly AnswerRow[]> => {
    signal?.throwIfAborted();
    return lastOf(await connection.unsafe(statements.join(";\n"))).rows;
  };
  /**
   * Sends the statements before, the one that counts, and those behind, without waiting in between. Where one fails, the
   * server refuses the rest up to the rollback.
   */
  const surround = async (
    before: readonly string[],
    statement: string,
    after: readonly string[],
  ): Promise<Answer> => {
    signal?.throwIfAborted();
    const [prepared, answered, undoing] = await Promise.allSettled(
      [before.join(";\n"), statement, ...after].map((text) => connection.unsafe(text)),
    );
    if (undoing?.status === "rejected") throw undoing.reason;
    if (prepared?.status === "rejected") return failure(prepared.reason);
    if (answered?.status === "rejected") return failure(answered.reason);
    return { ok: true, ...lastOf(answered?.value) };
  };
  const become =
    roles.maker === undefined ? "set local role none" : `set local role ${quoteIdentifier(roles.maker)}`;
  const enter = ({ context, settings: more = {} }: ServiceState) => [
    `set local role ${quoteIdentifier(roles.service)}`,
    ...[...(context === undefined ? [] : [[settings.setting, context]]), ...Object.entries(more)].map(
      ([name = "", value = ""]) =>
        `select pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`,
    ),
  ];
  const leave = (name: string) => `rollback to savepoint ${name}; release savepoint ${name}`;
  const undone = async <T>(use: () => Promise<T>): Promise<T> => {
    depth += 1;
    const name = `tenantry_probe_${depth}`;
    await send([`savepoint ${name}`]);
    try {
      return await use();
    } finally {
      depth -= 1;
      await connection.unsafe(leave(name));
    }
  };
  return {
    owner: async (statement) => await send([statement]),
    tryOwner: async (statement) => {
      const name = "tenantry_probe_try";
      signal?.throwIfAborted();
      // Not sent together: whether to keep what it did is known only then.
      const [, answered] = await Promise.allSettled(
        [`savepoint ${name}`, statement].map((text) => connection.unsafe(text)),
      );
      const isDone = answered?.status === "fulfilled";
      await connection.unsafe(isDone ? `release savepoint ${name}` : leave(name));
      return isDone ? { ok: true, ...lastOf(answered.value) } : failure(answered?.reason);
    },
    attack: (state, statement) => {
      const name = "tenantry_probe_attack";
      return surround([`savepoint ${name}`, ...enter(state)], statement, [leave(name)]);
    },
    attackAndProve: (state, statement, proof) =>
      undone(async () => {
        const answer = await surround(enter(state), statement, []);
        return { answer, proof: answer.ok ? await send([become, proof]) : [] };
      }),
    undone,
    isStopped: () => signal?.aborted === true,
  };
}

/** What the server refused; anything else is a lost connection or a bug. */
function failure(thrown: unknown): Answer & { readonly ok: false } {
  const code = codeOf(thrown);
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) throw thrown;
  return { ok: false, code, message: messageOf(thrown), constraint: constraintOf(thrown) };
}

type Sent = { readonly rows: readonly AnswerRow[]; readonly count: number };

/** Statements sent together give a list of results: one for each that returns rows, which the last one here does. */
function lastOf(sent: unknown): Sent {
  const results = sent as postgres.RowList<postgres.Row[]> | readonly postgres.RowList<postgres.Row[]>[];
  const last = "command" in results ? results : results.at(-1);
  return { rows: (last ?? []) as unknown as readonly AnswerRow[], count: last?.count ?? 0 };
}

function constraintOf(thrown: unknown): string | undefined {
  const name: unknown =
    typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, "constraint_name") : undefined;
  return typeof name === "string" ? name : undefined;
}
