/** A place in a text: 1-based, the column in characters. */
export type SourcePosition = { readonly line: number; readonly column: number };

/** Turns offsets into lines and columns, for one text. */
export type PositionIndex = {
  /** Of an offset in UTF-16 units, as JavaScript counts. */
  readonly at: (offset: number) => SourcePosition;
  /** The UTF-16 offset of a line and a column counted in UTF-8 bytes, both 0-based, as squawk counts. */
  readonly offsetOfBytes: (line: number, byteColumn: number) => number;
};

/** Reads a text's lines once, so that each look-up is a binary search. */
export function indexPositions(text: string): PositionIndex {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return {
    at(offset) {
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
      const start = starts[low] ?? 0;
      return { line: low + 1, column: [...text.slice(start, offset)].length + 1 };
    },
    offsetOfBytes(line, byteColumn) {
      const start = starts[line] ?? text.length;
      return start + byteOffsets(text.slice(start, starts[line + 1]))(byteColumn);
    },
  };
}

/** Turns offsets in UTF-8 bytes, as the parser counts, into UTF-16 units. */
export function byteOffsets(text: string): (bytes: number) => number {
  const encoded = Buffer.from(text, "utf8");
  if (encoded.length === text.length) return (bytes) => Math.min(bytes, text.length);
  return (bytes) => encoded.subarray(0, bytes).toString("utf8").length;
}

/** The offset of the first thing at or after `from` that is neither white space nor a comment. */
export function skipBlank(sql: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < sql.length && /\s/.test(sql.charAt(at))) at += 1;
    if (sql.startsWith("--", at)) {
      const end = sql.indexOf("\n", at);
      at = end === -1 ? sql.length : end + 1;
    } else if (sql.startsWith("/*", at)) {
      at = endOfBlockComment(sql, at);
    } else {
      return at;
    }
  }
}

/** Block comments nest in PostgreSQL. */
function endOfBlockComment(sql: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < sql.length) {
    if (sql.startsWith("/*", at)) {
      depth += 1;
      at += 2;
    } else if (sql.startsWith("*/", at)) {
      depth -= 1;
      at += 2;
      if (depth === 0) return at;
    } else {
      at += 1;
    }
  }
  return at;
}
