import { type FileHandle, open } from "node:fs/promises";
import { loadAge } from "./load-age.js";

/** Where bytes go. */
export type ByteSink = {
  write(bytes: Uint8Array): Promise<void>;
  /** Writes what is left, and waits until all of it is on the disk. */
  finish(): Promise<void>;
};

/**
 * Runs a function with a new file (0600) to write to, encrypted in the age format if there is a passphrase. What was
 * written is on the disk when this returns. Whatever happens, the file is closed; a broken one is for the caller to remove.
 *
 * @throws what the file system refuses, and whatever the function throws.
 */
export async function withByteSink<T>(
  path: string,
  passphrase: string | undefined,
  use: (sink: ByteSink) => Promise<T>,
): Promise<T> {
  const file = await open(path, "wx", 0o600);
  try {
    const sink = passphrase === undefined ? plainSink(file) : await ageSink(file, passphrase);
    const result = await use(sink);
    await sink.finish();
    return result;
  } finally {
    await file.close();
  }
}

function plainSink(file: FileHandle): ByteSink {
  return { write: (bytes) => writeAll(file, bytes), finish: () => file.sync() };
}

async function ageSink(file: FileHandle, passphrase: string): Promise<ByteSink> {
  const { Encrypter } = await loadAge();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  const plain = new TransformStream<Uint8Array, Uint8Array>();
  const encrypted = await encrypter.encrypt(plain.readable);
  const draining = drain(encrypted, file);
  // It is awaited at the end; the writer hears of a failure before.
  draining.catch(() => {});
  const writer = plain.writable.getWriter();
  writer.closed.catch(() => {});
  return {
    write: (bytes) => Promise.race([writer.write(bytes), failureOf(draining)]),
    finish: async () => {
      await Promise.race([writer.close(), failureOf(draining)]);
      await draining;
      await file.sync();
    },
  };
}

async function drain(bytes: ReadableStream<Uint8Array>, file: FileHandle): Promise<void> {
  const reader = bytes.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    await writeAll(file, value);
  }
}

/** Never resolves: only a failure counts. */
function failureOf(work: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    work.catch(reject);
  });
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done);
    done += bytesWritten;
  }
}
