import { hash } from "node:crypto";

const LINE_END = 0x0a;
const WORDS = 8;

/** Rows that were counted, and what they add up to. */
export type RowDigest = { readonly rows: number; readonly checksum: string };

/** Adds rows up. */
export type RowChecksum = {
  /** Takes lines of COPY's text format, in pieces that may be cut anywhere. */
  update(bytes: Buffer): void;
  digest(): RowDigest;
};

/**
 * A checksum of rows that does not depend on their order: SHA-256 of each line, added up word by word. Two of the same row
 * count twice. The lines are those of COPY's text format, in which no value holds a line end.
 *
 * @example
 * const sum = createRowChecksum();
 * sum.update(Buffer.from("1\tone\n2\ttwo\n"));
 * sum.digest().rows // 2
 */
export function createRowChecksum(): RowChecksum {
  const sums = new Uint32Array(WORDS);
  let rows = 0;
  let rest: Buffer[] = [];
  const add = (line: Buffer) => {
    const digest = hash("sha256", line, "buffer");
    for (let word = 0; word < WORDS; word += 1)
      sums[word] = (sums[word] ?? 0) + digest.readUInt32BE(word * 4);
    rows += 1;
  };
  return {
    update: (bytes) => {
      let from = 0;
      for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
        const line = bytes.subarray(from, end);
        add(rest.length === 0 ? line : Buffer.concat([...rest, line]));
        rest = [];
        from = end + 1;
      }
      if (from < bytes.length) rest.push(bytes.subarray(from));
    },
    digest: () => {
      if (rest.length > 0) throw new Error("the rows end in the middle of a line");
      return { rows, checksum: [...sums].map((word) => word.toString(16).padStart(8, "0")).join("") };
    },
  };
}
