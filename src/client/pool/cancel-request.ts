import { connect } from "node:net";

/** The backend that a statement was sent to, as the server introduced itself. */
export type BackendKey = { readonly pid: number; readonly secret: number };

/** The request's code in the protocol: 1234 and 5678. */
const CANCEL_REQUEST = 80_877_102;
const PATIENCE_MS = 5_000;

/**
 * Asks a server to cancel what a backend is doing, as the protocol has it: on a connection of its own, without a log-in,
 * in clear even where TLS is demanded. Returns when the server has closed that connection, so has sent the signal; never
 * fails, since what cannot be cancelled ends by itself.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export async function sendCancelRequest(url: URL, { pid, secret }: BackendKey): Promise<void> {
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(CANCEL_REQUEST, 4);
  message.writeUInt32BE(pid >>> 0, 8);
  message.writeUInt32BE(secret >>> 0, 12);
  await new Promise<void>((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    // Left open, as libpq does, until the other side closes it: PgBouncer 1.18 dies of one that is half closed.
    const socket = connect({ host, port: Number(url.port || 5432) }, () => socket.write(message));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on("error", () => {});
    socket.once("close", () => resolve());
    socket.resume();
  });
}

/** The backend that has taken a query of postgres.js; undefined while none has. */
export function backendKeyOf(query: object): BackendKey | undefined {
  const state: unknown = Reflect.get(query, "state");
  if (typeof state !== "object" || state === null || !("pid" in state) || !("secret" in state))
    return undefined;
  const { pid, secret } = state;
  return typeof pid === "number" && typeof secret === "number" ? { pid, secret } : undefined;
}
