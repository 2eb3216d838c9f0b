import { codeOf } from "../../core/errors.js";
import type { TestServer } from "./test-server.js";

/** The server is being stopped, or has gone. */
const GONE: ReadonlySet<string> = new Set([
  "57P01",
  "57P02",
  "57P03",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "ECONNREFUSED",
  "ECONNRESET",
  "connection-failed",
]);

const TRIES = 3;

/**
 * Uses a server that is found or started; once more if it is one that the janitor has stopped just then.
 *
 * @throws whatever the functions throw.
 */
export async function whileServerStays<T>(
  find: () => Promise<TestServer>,
  use: (server: TestServer) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const server = await find();
    try {
      return await use(server);
    } catch (thrown) {
      if (server.embedded === undefined || tries === TRIES || !GONE.has(codeOf(thrown) ?? "")) throw thrown;
    }
  }
}
