import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** When a fault strikes: at which message of the client, and on which side of it. */
export type FaultPoint = {
  /** Counted from 1, over all connections, log-ins left out. */
  readonly message: number;
  /** Not passed on; passed on, and the answer not waited for; answered, and the answer not passed on. */
  readonly moment: "before" | "after" | "answered";
  /** `connection` and `all` cut; a function is called instead, and nothing more is passed on. */
  readonly strike: "connection" | "all" | (() => void);
};

/** A proxy in front of a server that strikes at one message. */
export type FaultProxy = {
  readonly url: URL;
  /** Messages so far. */
  readonly messages: () => number;
  readonly hasStruck: () => boolean;
  close(): Promise<void>;
};

/** Of a log-in, and of a good-bye: neither is a step of what a migrator does. */
const UNCOUNTED: ReadonlySet<number | undefined> = new Set([..."pX"].map((type) => type.charCodeAt(0)));
const SSL_REQUEST = 80_877_103;

/** Starts a proxy in front of the server of this URL; without a point it only counts. */
export async function startFaultProxy(target: URL, point?: FaultPoint): Promise<FaultProxy> {
  let messages = 0;
  let struck = false;
  const sockets = new Set<Socket>();

  const strike = (client: Socket, upstream: Socket) => {
    struck = true;
    if (typeof point?.strike === "function") {
      point.strike();
      return;
    }
    const doomed = point?.strike === "all" ? [...sockets] : [client, upstream];
    for (const socket of doomed) socket.destroy();
  };

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const readMessages = createMessageReader();
    let awaitsAnswer = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    client.on("data", (data) => {
      for (const message of readMessages(data)) {
        if (struck && typeof point?.strike === "function") return;
        if (client.destroyed) return;
        if (message.isCounted) messages += 1;
        if (!message.isCounted || struck || point === undefined || messages !== point.message) {
          upstream.write(message.bytes);
          continue;
        }
        if (point.moment === "before") {
          strike(client, upstream);
          return;
        }
        upstream.write(message.bytes);
        if (point.moment === "answered") awaitsAnswer = true;
        // What was written must be on its way before the socket goes.
        else upstream.write("", () => strike(client, upstream));
      }
    });
    upstream.on("data", (data) => {
      if (awaitsAnswer && !struck) {
        strike(client, upstream);
        return;
      }
      if (!(struck && typeof point?.strike === "function")) client.write(data);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url,
    messages: () => messages,
    hasStruck: () => struck,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

type Message = { readonly bytes: Buffer; readonly isCounted: boolean };

/** Cuts what a client sends into the messages of PostgreSQL's protocol, version 3. */
function createMessageReader(): (data: Buffer) => Message[] {
  let rest = Buffer.alloc(0);
  let isStarted = false;
  return (data) => {
    rest = Buffer.concat([rest, data]);
    const messages: Message[] = [];
    for (;;) {
      // The first message has no type; all others begin with one.
      const head = isStarted ? 1 : 0;
      if (rest.length < head + 4) return messages;
      const length = head + rest.readInt32BE(head);
      if (rest.length < length) return messages;
      const bytes = rest.subarray(0, length);
      rest = rest.subarray(length);
      const isCounted = isStarted && !UNCOUNTED.has(bytes[0]);
      if (!isStarted) isStarted = bytes.length < 8 || bytes.readInt32BE(4) !== SSL_REQUEST;
      messages.push({ bytes, isCounted });
    }
  };
}
