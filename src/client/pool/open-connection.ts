import type { Socket } from "node:net";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { databaseOption } from "../../core/database-url.js";
import type { Database } from "../../postgres/connect.js";
import { openSocket, type SocketTarget } from "../../postgres/open-socket.js";

/** How to open a connection. */
export type ConnectionOptions = {
  readonly applicationName: string;
  /** False: nothing is kept prepared, nor what postgres.js asks for itself. */
  readonly prepares: boolean;
  /** A connection that knows the server's types of arrays. */
  readonly sameTypesAs: Database | undefined;
  /** Called when it is lost; perhaps more than once. */
  readonly onLost: (connection: Database) => void;
};

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A client of postgres.js with one connection, made once: what was lost stays lost. When it connects again, with statements
 * still to be sent, it may connect twice, and then throws where nobody can catch it; and a statement must not run on a new
 * connection without the BEGIN and the context that went before it.
 */
export function openConnection(url: URL, options: ConnectionOptions): Database {
  const { applicationName, prepares, sameTypesAs } = options;
  let opened = false;
  /** Rejects what waits for its turn, too. */
  const giveUp = () => {
    connection.end({ timeout: 0 }).catch(() => {});
    options.onLost(connection);
  };
  // `socket` is not in the types of postgres.js.
  const once = {
    socket: async (target: SocketTarget): Promise<Socket> => {
      try {
        if (opened) throw Object.assign(new Error("the connection is lost"), { code: "CONNECTION_CLOSED" });
        opened = true;
        const socket = await openSocket(target, CONNECT_TIMEOUT_MS);
        // Before postgres.js hears of it; under TLS, which drops this listener, by `onclose`.
        socket.once("close", giveUp);
        return socket;
      } catch (thrown) {
        giveUp();
        throw thrown;
      }
    },
  };
  const connection: Database = postgres(url.href, {
    ...databaseOption(url),
    ...once,
    max: 1,
    // It could close a connection between a statement and its COMMIT; the pool has a lifetime of its own.
    max_lifetime: null,
    backoff: false,
    prepare: prepares,
    // Asked for by the guards, where a failure can be caught.
    fetch_types: false,
    onnotice: () => {},
    onclose: giveUp,
    connection: { application_name: applicationName },
  });
  // Drizzle parses dates itself, and tells the client so, before arrays of them are known.
  drizzle({ client: connection });
  if (sameTypesAs !== undefined) takeTypes(connection, sameTypesAs);
  return connection;
}

function takeTypes({ options }: Database, { options: known }: Database): void {
  Object.assign(options.parsers, known.parsers);
  Object.assign(options.serializers, known.serializers);
}
