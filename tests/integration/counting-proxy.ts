import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy in front of a server that counts how often a client waits for an answer before it goes on. */
export type CountingProxy = {
  readonly url: URL;
  /** The round trips of what the function does. */
  count(use: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
};

/** Long enough that whatever is sent without waiting is there before the first answer is passed on. */
const LATENCY_MS = 15;

/** Starts a proxy in front of the server of this URL. */
export async function startCountingProxy(target: URL): Promise<CountingProxy> {
  let roundTrips = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let waits = true;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    client.on("data", (data) => {
      // The Terminate message is never answered.
      if (waits && data[0] !== "X".charCodeAt(0)) roundTrips += 1;
      waits = false;
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      setTimeout(() => {
        waits = true;
        client.write(data);
      }, LATENCY_MS);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => setTimeout(() => client.destroy(), LATENCY_MS));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url,
    count: async (use) => {
      const before = roundTrips;
      await use();
      return roundTrips - before;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
