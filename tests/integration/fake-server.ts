import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { onTestFinished } from "vitest";

/** A server on a free port of this host, until the test ends. */
export async function listen(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** One message of the server: its letter, the length of the rest, the rest. */
function message(letter: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(letter, 0);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const int32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const INT4 = 23;

const JSON_TYPE = 114;

/**
 * Speaks as much of PostgreSQL's protocol as it takes to answer any query without parameters with one row: the
 * server_version_num that a client asks for first, and no types of arrays.
 */
export async function fakePostgres(versionNumber: number): Promise<number> {
  const text = Buffer.from(String(versionNumber));
  const column = (name: string, type: number) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int32(0),
      int16(0),
      int32(type),
      int16(type === INT4 ? 4 : -1),
      int32(-1),
      int16(0),
    ]);
  const none = Buffer.from("[]");
  const answers: Readonly<Record<string, readonly Buffer[]>> = {
    Q: [
      message("T", int16(2), column("version", INT4), column("arrays", JSON_TYPE)),
      message("D", int16(2), int32(text.length), text, int32(none.length), none),
      message("C", Buffer.from("SELECT 1\0")),
      message("Z", Buffer.from("I")),
    ],
  };
  return await listen((socket) => {
    let started = false;
    let pending = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, Buffer.from(chunk)]);
      for (;;) {
        const head = started ? 1 : 0;
        if (pending.length < head + 4) return;
        const end = head + pending.readInt32BE(head);
        if (pending.length < end) return;
        const letter = pending.toString("latin1", 0, head);
        pending = pending.subarray(end);
        if (!started) socket.write(Buffer.concat([message("R", int32(0)), message("Z", Buffer.from("I"))]));
        started = true;
        for (const answer of answers[letter] ?? []) socket.write(answer);
        if (letter === "X") socket.end();
      }
    });
  });
}
