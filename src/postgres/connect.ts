import postgres from "postgres";
import { answerWithin } from "../core/answer-within.js";
import { databaseOption, describeTarget } from "../core/database-url.js";
import { codeOf, messageOf, TenantryError } from "../core/errors.js";
import { ARRAY_TYPES_SQL, teachArrayTypes } from "./array-types.js";
import { cuttableSockets } from "./cut-connections.js";
import { isBehindPooler } from "./pooler.js";

/** A pool of connections to one database, of postgres.js. */
export type Database = postgres.Sql;

/** One connection or transaction of it: what a function needs that only runs statements. */
export type Session = postgres.ISql;

/** How to connect. */
export type ConnectOptions = {
  /** Connections at most. Default 1. */
  readonly max?: number;
  /** What `pg_stat_activity` shows. Default `tenantry`. */
  readonly applicationName?: string;
  /** Seconds to wait for a connection. Default 10. */
  readonly timeoutSeconds?: number;
  /** What to call the URL in an error: the variable or flag that a user would correct. Default `DATABASE_URL`. */
  readonly urlName?: string;
  /** True for `cutConnections`, which a COPY needs that may be left in the middle. */
  readonly canBeCut?: boolean;
  /** Called when a connection that was open has ended, whoever ended it. */
  readonly onClose?: () => void;
  /** Called with whatever the server says beside its answers; by its fields, such as `code` and `message`. */
  readonly onNotice?: (notice: Readonly<Record<string, string | undefined>>) => void;
};

/** The oldest major version that works: `security_invoker` views and `on delete set null (column)` came with it. */
const OLDEST_MAJOR = 15;

/**
 * Connects, and proves it by asking the server for its version. Behind a pooler nothing is kept prepared.
 *
 * @throws TenantryError `connection-failed`, `password-rejected`, `database-missing`, `server-too-old`; the message
 * names host, port, database and user, never the password.
 * @example
 * const database = await openDatabase(new URL("postgres://me@localhost/app"));
 * await database.end();
 */
export async function openDatabase(url: URL, options: ConnectOptions = {}): Promise<Database> {
  const first = await open(url, options, { prepare: true });
  if (!first.isPooled) return first.database;
  await first.close();
  return (await open(url, options, { prepare: false })).database;
}

type Opened = {
  readonly database: Database;
  readonly isPooled: boolean;
  /** Without a word to `onClose`. */
  readonly close: () => Promise<void>;
};

/** @param how.prepare false behind a pooler: it may hand the next statement to a server that has not prepared it. */
async function open(url: URL, options: ConnectOptions, how: { readonly prepare: boolean }): Promise<Opened> {
  const timeoutSeconds = options.timeoutSeconds ?? 10;
  let isDiscarded = false;
  const sockets = options.canBeCut === true ? cuttableSockets(timeoutSeconds * 1000) : undefined;
  const database = postgres(url.href, {
    ...databaseOption(url),
    ...sockets?.option,
    ...how,
    max: options.max ?? 1,
    connect_timeout: timeoutSeconds,
    onnotice: (notice) => options.onNotice?.(notice),
    connection: { application_name: options.applicationName ?? "tenantry" },
    // A lost connection must surface, not be retried behind the caller's back with another session's state.
    backoff: false,
    // postgres.js would close a connection after 30 to 60 minutes, and with it a lock or a long migration.
    max_lifetime: null,
    // Asked for below, where a failure can be caught.
    fetch_types: false,
    onclose: () => {
      if (!isDiscarded) options.onClose?.();
    },
  });
  sockets?.belongTo(database);
  // Zero, since what never answered will not say goodbye either.
  const close = () => database.end({ timeout: 0 });
  try {
    const asked = database.unsafe<[{ version: number; pid: number; arrays: unknown }]>(
      `select current_setting('server_version_num')::int as version, pg_backend_pid() as pid, ${ARRAY_TYPES_SQL} as arrays`,
    );
    const answer = await answerWithin(timeoutSeconds, complainOf(timeoutSeconds), asked);
    const [{ version, pid, arrays }] = answer;
    requireSupportedVersion(version, url);
    teachArrayTypes(database, arrays);
    const discard = async () => {
      isDiscarded = true;
      await close();
    };
    return {
      database,
      isPooled: isBehindPooler({ pid, announcedPid: answer.state.pid }),
      close: discard,
    };
  } catch (thrown) {
    await close();
    throw explainConnection(thrown, url, options.urlName ?? "DATABASE_URL");
  }
}

/**
 * Connects, runs a function, and closes whatever happens.
 *
 * @throws TenantryError as {@link openDatabase}, and whatever the function throws.
 * @example await withDatabase(url, {}, (database) => database`select 1`);
 */
export async function withDatabase<T>(
  url: URL,
  options: ConnectOptions,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(url, options);
  try {
    return await use(database);
  } finally {
    await database.end({ timeout: 5 });
  }
}

/**
 * Refuses a server that is too old, by its `server_version_num`.
 *
 * @throws TenantryError `server-too-old`
 */
export function requireSupportedVersion(version: number, url: URL): void {
  const major = Math.floor(version / 10_000);
  if (major >= OLDEST_MAJOR) return;
  const { host, port } = describeTarget(url);
  throw new TenantryError({
    code: "server-too-old",
    message: `The server at ${host}:${port} is PostgreSQL ${major}; tenantry needs ${OLDEST_MAJOR} or newer.`,
    hint: `Upgrade the server, or point the URL at one that is ${OLDEST_MAJOR} or newer.`,
  });
}

/** postgres.js connects again for ever to what takes its connections and speaks another protocol, or closes them. */
export function complainOf(seconds: number): string {
  return `no answer in ${seconds} s; is it a PostgreSQL server?`;
}

/** What to throw when a connection could not be made: names the target, never the password. */
export function explainConnection(thrown: unknown, url: URL, urlName: string): TenantryError {
  if (thrown instanceof TenantryError) return thrown;
  const { host, port, database, user } = describeTarget(url);
  const code = codeOf(thrown);
  if (code === "28P01" || code === "28000") {
    return new TenantryError({
      code: "password-rejected",
      message: `The server at ${host}:${port} rejected the login ${user}.`,
      hint: `Check the user and password in ${urlName}, and the server's pg_hba.conf.`,
      details: [messageOf(thrown)],
      cause: thrown,
    });
  }
  if (code === "3D000") {
    return new TenantryError({
      code: "database-missing",
      message: `There is no database ${database} on the server at ${host}:${port}.`,
      hint: `In development "tenantry init" creates it; elsewhere create it (createdb ${database}), or correct ${urlName}.`,
      cause: thrown,
    });
  }
  return new TenantryError({
    code: "connection-failed",
    message: `No connection to the server at ${host}:${port} (database ${database}, user ${user}).`,
    hint: `Check that the server runs and that ${urlName} is right.`,
    details: [code === undefined ? messageOf(thrown) : `${code}: ${messageOf(thrown)}`],
    cause: thrown,
  });
}
