/** Takes bytes by their number out of pieces of any length. */
export type ByteReader = {
  /** That many bytes, or fewer if there are no more. */
  read(length: number): Promise<Buffer>;
  close(): Promise<void>;
};

/** Reads from a generator of bytes. */
export function createByteReader(source: AsyncGenerator<Uint8Array>): ByteReader {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let isEnded = false;
  return {
    read: async (length) => {
      while (held < length && !isEnded) {
        const { done, value } = await source.next();
        if (done === true) isEnded = true;
        else {
          pieces.push(value);
          held += value.length;
        }
      }
      const all = Buffer.concat(pieces, held);
      const taken = all.subarray(0, length);
      const rest = all.subarray(length);
      pieces = rest.length > 0 ? [rest] : [];
      held = rest.length;
      return taken;
    },
    close: async () => {
      await source.return(undefined);
    },
  };
}
