const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/**
 * The words of a Redis command line, quoted as redis-cli takes them: "…" with `\n` and `\xff`, '…' with `\'` alone.
 * Bytes, since a key need not be text.
 *
 * @returns undefined if a quote is not closed, or is followed by something else than a space.
 * Source: sdssplitargs() of Redis 7.
 * @example splitWords("set key 'a b'") // three words
 */
export function splitWords(line: string): Buffer[] | undefined {
  const words: Buffer[] = [];
  let at = 0;
  while (true) {
    while (isSpace(line[at])) at += 1;
    if (at >= line.length) return words;
    const parts: Buffer[] = [];
    while (at < line.length && !isSpace(line[at])) {
      const character = String.fromCodePoint(line.codePointAt(at) ?? 0);
      if (character === '"' || character === "'") {
        const quoted = readQuoted(line, at + 1, character);
        if (quoted === undefined) return undefined;
        parts.push(quoted.bytes);
        at = quoted.end;
        if (at < line.length && !isSpace(line[at])) return undefined;
      } else {
        parts.push(Buffer.from(character));
        at += character.length;
      }
    }
    words.push(Buffer.concat(parts));
  }
}

function readQuoted(line: string, from: number, quote: string): { bytes: Buffer; end: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = from; at < line.length; ) {
    const character = String.fromCodePoint(line.codePointAt(at) ?? 0);
    if (character === quote) return { bytes: Buffer.concat(parts), end: at + 1 };
    const escaped = character === "\\" ? readEscape(line, at + 1, quote) : undefined;
    parts.push(escaped?.bytes ?? Buffer.from(character));
    at = escaped?.end ?? at + character.length;
  }
  return undefined;
}

function readEscape(line: string, at: number, quote: string): { bytes: Buffer; end: number } | undefined {
  const next = line[at];
  if (next === undefined) return undefined;
  if (quote === "'") return next === "'" ? { bytes: Buffer.from("'"), end: at + 1 } : undefined;
  const hex = /^x([0-9a-f]{2})/i.exec(line.slice(at, at + 3))?.[1];
  if (hex !== undefined) return { bytes: Buffer.from(hex, "hex"), end: at + 3 };
  const code = ESCAPES[next];
  const character = String.fromCodePoint(line.codePointAt(at) ?? 0);
  return {
    bytes: code === undefined ? Buffer.from(character) : Buffer.from([code]),
    end: at + character.length,
  };
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && /[ \t\n\r\f\v\0]/.test(character);
}
