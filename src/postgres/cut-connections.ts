import type { Socket } from "node:net";
import type postgres from "postgres";
import { openSocket, type SocketTarget } from "./open-socket.js";

type Database = postgres.Sql;

const known = new WeakMap<Database, ReadonlySet<Socket>>();

/** The option that lets postgres.js open its sockets so that they can be cut. `socket` is not in its types. */
export function cuttableSockets(timeoutMs: number) {
  const sockets = new Set<Socket>();
  const option = {
    socket: async (target: SocketTarget): Promise<Socket> => {
      const socket = await openSocket(target, timeoutMs);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
  };
  return { option, belongTo: (database: Database) => void known.set(database, sockets) };
}

/**
 * Closes a pool at once, whatever is under way on it; the server rolls that back. Where a COPY is left in the middle,
 * postgres.js only says goodbye, on a socket that it no longer reads: the server cannot hear, since it waits to be read.
 * So the sockets themselves go, if the pool was opened with `canBeCut`.
 *
 * @example await cutConnections(database);
 */
export async function cutConnections(database: Database): Promise<void> {
  for (const socket of known.get(database) ?? []) socket.destroy();
  await database.end({ timeout: 0 });
}
