import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { TenantryError } from "../../core/errors.js";
import {
  chainDigest,
  encodeHead,
  FIRST_DIGEST,
  FIRST_LINE,
  FRAME_KIND,
  type FrameHead,
  MAX_RAW_BYTES,
} from "./backup-format.js";
import type { ByteSink } from "./byte-sink.js";
import type { Manifest } from "./manifest.js";
import { manifestSchema } from "./manifest.js";

const compress = promisify(brotliCompress);

/** Bytes of rows that are collected for a frame. */
const FRAME_BYTES = 1024 * 1024;

/** Frames that are compressed at once, on other threads. */
const AT_ONCE = 4;

/** Quality 1 is twice as fast as gzip's fastest, and no larger: see docs/benchmarks.md. */
const PARAMETERS = { params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 20 } };

/** Writes a backup's frames. */
export type BackupWriter = {
  /** Adds bytes of a table's rows. They may be cut anywhere. */
  write(table: number, bytes: Buffer): Promise<void>;
  /**
   * Writes the manifest, the last frame. Nothing can be written after it.
   *
   * @throws TenantryError `backup-refused` for one that no restore would read.
   */
  finish(manifest: Omit<Manifest, "frames">): Promise<Manifest>;
};

/** Opens a backup in a sink. Tables are written one after the other, in the order of the manifest. */
export function createBackupWriter(sink: ByteSink): BackupWriter {
  const compressing: { readonly head: Omit<FrameHead, "stored">; readonly stored: Promise<Buffer> }[] = [];
  let digest = FIRST_DIGEST;
  let frames = 0;
  let isOpen = false;
  let current = 0;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;

  const put = async (head: Omit<FrameHead, "stored">, stored: Buffer) => {
    if (!isOpen) await sink.write(FIRST_LINE);
    isOpen = true;
    const bytes = encodeHead({ ...head, stored: stored.length });
    digest = chainDigest(digest, bytes, stored);
    await sink.write(Buffer.concat([bytes, stored, digest]));
  };
  const settle = async (left: number) => {
    while (compressing.length > left) {
      const next = compressing.shift();
      if (next !== undefined) await put(next.head, await next.stored);
    }
  };
  const flush = async () => {
    if (waitingBytes === 0) return;
    const all = Buffer.concat(waiting, waitingBytes);
    waiting = [];
    waitingBytes = 0;
    for (let from = 0; from < all.length; from += MAX_RAW_BYTES) {
      const raw = all.subarray(from, from + MAX_RAW_BYTES);
      const stored = compress(raw, PARAMETERS);
      // Awaited in its turn; until then nobody else hears of a failure.
      stored.catch(() => {});
      compressing.push({ head: { kind: FRAME_KIND.rows, table: current, raw: raw.length }, stored });
      frames += 1;
      await settle(AT_ONCE - 1);
    }
  };
  return {
    write: async (table, bytes) => {
      if (table !== current) await flush();
      current = table;
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (waitingBytes >= FRAME_BYTES) await flush();
    },
    finish: async (manifest) => {
      await flush();
      await settle(0);
      const whole = { ...manifest, frames };
      requireReadable(whole);
      const text = Buffer.from(JSON.stringify(whole));
      await put({ kind: FRAME_KIND.manifest, table: 0, raw: text.length }, text);
      return whole;
    },
  };
}

/** What is written here is read by the same rules, or nobody could restore it. */
function requireReadable(manifest: Manifest): void {
  const parsed = manifestSchema.safeParse(manifest);
  if (parsed.success) return;
  const details = parsed.error.issues.map(({ path }) => {
    const [list, index, field] = path;
    const partition =
      list === "partitions" && typeof index === "number" ? manifest.partitions[index] : undefined;
    if (partition === undefined) return path.join(".");
    const value = field === "key" ? `partition by ${partition.key}` : partition.bound;
    return `partition ${partition.schema}.${partition.name}, its ${String(field)}: ${value}`;
  });
  throw new TenantryError({
    code: "backup-refused",
    message: "The database has something that a backup cannot say: it could not be restored.",
    details,
    hint: "No file was left. Let a migration make it, or take the backup with --format pg_dump.",
  });
}
