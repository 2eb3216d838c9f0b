import { createHash } from "node:crypto";

/** The first line of every backup, and its version: see docs/formats.md. */
export const FIRST_LINE: Buffer = Buffer.from("tenantry-backup 1\n");

/** The first line of any version, for a message that tells a newer file from a foreign one. */
export const ANY_FIRST_LINE = /^tenantry-backup (\d+)\n/;

/** What a frame holds: a piece of a table's rows, or, in the last one, the manifest. */
export const FRAME_KIND = { rows: 0x52, manifest: 0x4d } as const;

/** Bytes of a frame's head: kind, table, raw length, stored length. */
export const HEAD_BYTES = 13;

/** Bytes of a frame's digest, SHA-256. */
export const DIGEST_BYTES = 32;

/** Bytes of rows in one frame at most, before they are compressed; what is longer is cut, also inside of a row. */
export const MAX_RAW_BYTES = 4 * 1024 * 1024;

/** Bytes of a frame as it is stored, at most. Nothing is read into memory on the word of a broken file. */
export const MAX_STORED_BYTES = 256 * 1024 * 1024;

/** The head of a frame. */
export type FrameHead = {
  readonly kind: number;
  /** The table's place in the manifest; 0 for the manifest itself. */
  readonly table: number;
  readonly raw: number;
  readonly stored: number;
};

/** A frame's head as bytes, numbers with the highest byte first. */
export function encodeHead({ kind, table, raw, stored }: FrameHead): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(table, 1);
  head.writeUInt32BE(raw, 5);
  head.writeUInt32BE(stored, 9);
  return head;
}

/** The other way round. */
export function decodeHead(bytes: Buffer): FrameHead {
  return {
    kind: bytes.readUInt8(0),
    table: bytes.readUInt32BE(1),
    raw: bytes.readUInt32BE(5),
    stored: bytes.readUInt32BE(9),
  };
}

/** Stands before the first frame's digest. */
export const FIRST_DIGEST: Buffer = createHash("sha256").update(FIRST_LINE).digest();

/** The digest of a frame covers the one before it: a frame that is missing, doubled or moved breaks the chain. */
export function chainDigest(previous: Buffer, head: Buffer, stored: Buffer): Buffer {
  return createHash("sha256").update(previous).update(head).update(stored).digest();
}
