import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { TenantryError } from "../../core/errors.js";
import {
  ANY_FIRST_LINE,
  chainDigest,
  DIGEST_BYTES,
  decodeHead,
  FIRST_DIGEST,
  FIRST_LINE,
  FRAME_KIND,
  HEAD_BYTES,
  MAX_RAW_BYTES,
  MAX_STORED_BYTES,
} from "./backup-format.js";
import { backupInvalid } from "./backup-invalid.js";
import { createByteReader } from "./byte-reader.js";
import { readBytes } from "./byte-source.js";
import type { Manifest } from "./manifest.js";
import { manifestSchema } from "./manifest.js";

const decompress = promisify(brotliDecompress);

/** A backup that lies on the disk. */
export type BackupFile = {
  readonly path: string;
  readonly passphrase?: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** A piece of a table's rows, as COPY writes and takes them. */
export type RowsFrame = { readonly table: number; readonly rows: Buffer };

/**
 * Reads a backup from its first byte to its last, and gives what it says about itself. Nothing is decompressed.
 *
 * @throws TenantryError `backup-invalid` if it was cut, changed, or is no backup; `argument-invalid` without a passphrase that
 * it needs; whatever the signal was aborted with.
 */
export async function readManifest(file: BackupFile): Promise<Manifest> {
  let manifest: Manifest | undefined;
  for await (const frame of readStored(file)) if ("manifest" in frame) manifest = frame.manifest;
  if (manifest === undefined) throw backupInvalid(file.path, "it ends before its manifest");
  return manifest;
}

/**
 * The rows of a backup, table after table. Each frame is proven before it is given out.
 *
 * @throws TenantryError as {@link readManifest}.
 */
export async function* readRows(file: BackupFile): AsyncGenerator<RowsFrame> {
  for await (const frame of readStored(file)) {
    if ("manifest" in frame) continue;
    const rows = await decompress(frame.stored, { maxOutputLength: MAX_RAW_BYTES });
    if (rows.length !== frame.raw) throw backupInvalid(file.path, "a frame has another length than it says");
    yield { table: frame.table, rows };
  }
}

type StoredFrame =
  | { readonly table: number; readonly raw: number; readonly stored: Buffer }
  | { readonly manifest: Manifest };

async function* readStored({ path, passphrase, signal }: BackupFile): AsyncGenerator<StoredFrame> {
  const reader = createByteReader(readBytes(path, passphrase));
  const take = async (length: number) => {
    signal?.throwIfAborted();
    const bytes = await reader.read(length);
    if (bytes.length === length) return bytes;
    throw backupInvalid(path, "it ends in the middle");
  };
  try {
    await requireFirstLine(path, await reader.read(FIRST_LINE.length));
    let digest = FIRST_DIGEST;
    for (let frames = 0; ; frames += 1) {
      const headBytes = await take(HEAD_BYTES);
      const head = decodeHead(headBytes);
      const isKnown = head.kind === FRAME_KIND.rows || head.kind === FRAME_KIND.manifest;
      if (!isKnown || head.stored > MAX_STORED_BYTES) throw changed(path);
      const stored = await take(head.stored);
      digest = chainDigest(digest, headBytes, stored);
      if (!digest.equals(await take(DIGEST_BYTES))) throw changed(path);
      if (head.kind === FRAME_KIND.rows) {
        yield { table: head.table, raw: head.raw, stored };
        continue;
      }
      if ((await reader.read(1)).length > 0) throw backupInvalid(path, "something stands behind its end");
      const manifest = parseManifest(path, stored);
      if (manifest.frames !== frames) throw changed(path);
      yield { manifest };
      return;
    }
  } finally {
    await reader.close();
  }
}

function changed(path: string): TenantryError {
  return backupInvalid(path, "it was changed after it was written");
}

async function requireFirstLine(path: string, bytes: Buffer): Promise<void> {
  if (bytes.equals(FIRST_LINE)) return;
  const text = bytes.toString("latin1");
  const version = ANY_FIRST_LINE.exec(text)?.[1];
  if (version !== undefined) throw backupInvalid(path, `it has format ${version}, and this tenantry reads 1`);
  if (text.startsWith("PGDMP"))
    throw new TenantryError({
      code: "backup-invalid",
      message: "This is an archive of pg_dump, and not of tenantry.",
      hint: "Nothing was touched. Load it with PostgreSQL's own: createdb NAME && pg_restore --dbname NAME --exit-on-error FILE",
    });
  if (FIRST_LINE.subarray(0, bytes.length).equals(bytes) && bytes.length > 0)
    throw backupInvalid(path, "it ends in its first line");
  throw backupInvalid(path, bytes.length === 0 ? "it is empty" : "it does not begin like one");
}

function parseManifest(path: string, stored: Buffer): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(stored.toString("utf8"));
  } catch (thrown) {
    throw backupInvalid(path, "its manifest is no JSON", thrown);
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw backupInvalid(path, `its manifest has an unknown form at ${issue?.path.join(".") ?? "its root"}`);
}
