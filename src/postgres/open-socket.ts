import { connect, type Socket } from "node:net";

/** What postgres.js knows about its target, of its parsed options. */
export type SocketTarget = {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** Of a Unix socket. */
  readonly path?: string | false | null | undefined;
};

/**
 * Opens the one socket of a connection: to the first host that takes it.
 *
 * @param timeoutMs milliseconds to wait for each host.
 * @throws what Node.js throws, such as ECONNREFUSED; ETIMEDOUT.
 */
export async function openSocket({ host, port, path }: SocketTarget, timeoutMs: number): Promise<Socket> {
  if (typeof path === "string" && path !== "") return await untilOpen(connect(path), timeoutMs);
  let failure: unknown = new Error("the URL names no host");
  for (const [index, name] of host.entries()) {
    try {
      const socket = await untilOpen(
        connect(port[index] ?? port[0] ?? 5432, name.replace(/^\[|\]$/g, "")),
        timeoutMs,
      );
      // postgres.js takes the name for TLS from here.
      Reflect.set(socket, "host", name);
      return socket;
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw failure;
}

async function untilOpen(socket: Socket, timeoutMs: number): Promise<Socket> {
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
      socket.setTimeout(timeoutMs, () => {
        const late = new Error(`no connection in ${timeoutMs / 1000} s`);
        reject(Object.assign(late, { code: "ETIMEDOUT" }));
      });
    });
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
  socket.setTimeout(0);
  socket.removeAllListeners();
  return socket;
}
