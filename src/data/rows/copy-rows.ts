import { once } from "node:events";
import { finished } from "node:stream/promises";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";

/** A table as far as COPY must know it. */
export type CopiedTable = {
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  /** Those that are stored. */
  readonly columns: readonly { readonly name: string }[];
  /** SQL that picks the rows to be copied out. Default: all. */
  readonly condition?: string | undefined;
};

/**
 * Settings under which text is the same on every server and says every value to its last bit. COPY's binary format is not
 * used: arrays and composites carry the number of their type in it, which is another in each database.
 */
export const COPY_SETTINGS = `set local datestyle = 'ISO'; set local intervalstyle = 'postgres'; set local timezone = 'UTC';
set local extra_float_digits = 3; set local lc_monetary = 'C'; set local bytea_output = 'hex'; set local xmloption = 'content';
set local row_security = off; set local synchronize_seqscans = off; set local statement_timeout = 0;
set local idle_in_transaction_session_timeout = 0; set local lock_timeout = '60s'`;

/** Which encoding the text has: UTF-8 wherever the server knows what its bytes mean. */
export type CopyEncoding = "UTF8" | "SQL_ASCII";

/**
 * All rows of a table, in pieces that end with a row's end or do not. Whoever stops before the end has to close the
 * connection: it is still full of rows.
 *
 * @param session a transaction with {@link COPY_SETTINGS}.
 */
export async function* copyOut(
  session: Session,
  table: CopiedTable,
  encoding: CopyEncoding,
): AsyncGenerator<Buffer> {
  const stream = await session.unsafe(copyOutSql(table, encoding)).readable();
  for await (const chunk of stream) yield chunk;
  // postgres.js pauses its socket when the stream is full, and goes on when the stream asks for more: which one that has got
  // its end in the same moment never does.
  stream._read(0);
}

/** COPY reads no partitioned table as such, and of one with children in the old way its own rows alone. */
function copyOutSql(table: CopiedTable, encoding: CopyEncoding): string {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ");
  const where = table.condition === undefined ? "" : ` where ${table.condition}`;
  const what =
    table.partitioned || where !== ""
      ? `(select ${columns} from ${qualify(table.schema, table.name)}${where})`
      : `${qualify(table.schema, table.name)}${columns === "" ? "" : ` (${columns})`}`;
  return `copy ${what} to stdout (format text, encoding '${encoding}')`;
}

/** A table that takes rows. */
export type RowsIn = {
  write(rows: Buffer): Promise<void>;
  end(): Promise<void>;
  /** Gives up: the transaction fails, and the connection can be used again. */
  abort(reason: Error): void;
};

/**
 * Opens a table for rows. `end` waits for the server's word that it has taken all of them.
 *
 * @param session a transaction with {@link COPY_SETTINGS}.
 */
export async function copyIn(session: Session, table: CopiedTable, encoding: CopyEncoding): Promise<RowsIn> {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ");
  const target = `${qualify(table.schema, table.name)}${columns === "" ? "" : ` (${columns})`}`;
  const query = session.unsafe(`copy ${target} from stdin (format text, encoding '${encoding}')`);
  const refused = refusalOf(query);
  const stream = await query.writable();
  const ended = finished(stream);
  ended.catch(() => {});
  const failure = Promise.race([refused, ended.then(() => new Promise<never>(() => {}))]);
  failure.catch(() => {});
  return {
    write: async (rows) => {
      if (!stream.write(rows)) await Promise.race([once(stream, "drain"), failure]);
    },
    end: async () => {
      stream.end();
      await Promise.race([ended, refused]);
    },
    abort: (reason) => void stream.destroy(reason),
  };
}

/**
 * What the server says against a COPY. postgres.js has settled the query by then, and tells the stream only of what comes
 * before the last row was sent: what is refused at the end, such as a foreign key, would never be heard of.
 */
function refusalOf(query: object): Promise<never> {
  const reject: unknown = Reflect.get(query, "reject");
  if (typeof reject !== "function") throw new Error("postgres.js keeps a query's refusal somewhere else");
  const refused = new Promise<never>((_, refuse) => {
    Reflect.set(query, "reject", (reason: unknown) => {
      refuse(reason);
      Reflect.apply(reject, query, [reason]);
    });
  });
  refused.catch(() => {});
  return refused;
}
