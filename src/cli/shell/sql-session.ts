import { Readable, Writable } from "node:stream";
import postgres from "postgres";
import { databaseOption } from "../../core/database-url.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import type { ShellTarget } from "./shell-target.js";

/** What a statement gave. Values are as PostgreSQL prints them; null is NULL. */
export type SqlResult = {
  /** Such as `INSERT`; empty for a statement of nothing. */
  readonly command: string;
  /** Undefined if the statement returns no rows, which is more than returning none. */
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows returned or changed, where PostgreSQL counts them. */
  readonly count: number | undefined;
  /** What COPY … TO STDOUT wrote. */
  readonly copied: string;
};

/** One connection, and so one transaction, one set of temporary tables, one set of settings. */
export type SqlSession = {
  /**
   * Runs one statement.
   *
   * @throws postgres.PostgresError if the server refuses it; TenantryError `connection-failed` if the connection is lost,
   * after which the session is of no use, and `argument-invalid` for COPY … FROM STDIN.
   */
  run(sql: string): Promise<SqlResult>;
  /** Cancels what is running, as Ctrl-C does in psql. */
  cancel(): void;
  end(): Promise<void>;
};

/** Opens a session on a database that has been proven to answer. */
export function openSqlSession(
  target: Pick<ShellTarget, "url" | "settings">,
  onNotice: (notice: postgres.Notice) => void,
): SqlSession {
  let isLost = false;
  const database = postgres(target.url.href, {
    ...databaseOption(target.url),
    max: 1,
    // It lives as long as the person sits before it: a new connection would have lost the transaction.
    max_lifetime: null,
    idle_timeout: 0,
    backoff: false,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: onNotice,
    onclose: () => {
      isLost = true;
    },
    // A setting for the whole session, which services must never use: this connection is the shell's alone, not a pool's.
    connection: { application_name: "tenantry shell", ...target.settings },
  });
  let running: { cancel(): void } | undefined;
  return {
    run: async (sql) => {
      if (isLost) throw connectionLost(undefined);
      // The simple protocol with no parameters: every value comes as text, and raw leaves it so.
      const query = database.unsafe(sql).simple().raw();
      running = query;
      try {
        return await readResult(await query);
      } catch (thrown) {
        if (thrown instanceof postgres.PostgresError || thrown instanceof TenantryError) throw thrown;
        throw connectionLost(thrown);
      } finally {
        running = undefined;
      }
    },
    cancel: () => running?.cancel(),
    end: async () => {
      await database.end({ timeout: 1 });
    },
  };
}

type RawResult = Awaited<ReturnType<postgres.PendingQuery<postgres.Row[]>["raw"]>>;

async function readResult(result: RawResult | Readable | Writable): Promise<SqlResult> {
  if (result instanceof Writable) {
    result.on("error", () => {});
    result.destroy(new Error("tenantry's shell has no data to copy"));
    throw new TenantryError({
      code: "argument-invalid",
      message: "COPY … FROM STDIN needs psql.",
      hint: "Install psql (Debian: apt-get install postgresql-client), or write INSERT statements.",
    });
  }
  if (result instanceof Readable) {
    const chunks: Buffer[] = [];
    for await (const chunk of result) chunks.push(Buffer.from(chunk));
    const copied = Buffer.concat(chunks).toString();
    return { command: "COPY", columns: undefined, rows: [], count: undefined, copied };
  }
  // The type says that there are always columns; for a statement without rows there are none.
  const columns: readonly { readonly name: string }[] | undefined = result.columns;
  const rows: readonly (readonly (Buffer | null)[])[] = result;
  return {
    command: result.command ?? "",
    columns: columns?.map(({ name }) => name),
    rows: rows.map((row) => row.map((value) => value?.toString() ?? null)),
    count: result.count ?? undefined,
    copied: "",
  };
}

function connectionLost(cause: unknown): TenantryError {
  return new TenantryError({
    code: "connection-failed",
    message: "The connection to the server is lost, and with it the transaction and the temporary tables.",
    hint: 'Look whether the server runs ("tenantry status"), then run the command again.',
    details: cause === undefined ? [] : [messageOf(cause)],
    cause,
  });
}
