const MARK = "$";

/**
 * Rows as text, with what JSON does not know: dates, bytes, bigints, undefined, and numbers that are none. Undefined for
 * rows that hold anything else, which are then not cached.
 *
 * @example decodeRows(encodeRows([{ at: new Date(0), n: 1n }]) ?? "") // [{ at: 1970-01-01T00:00:00.000Z, n: 1n }]
 */
export function encodeRows(rows: readonly unknown[]): string | undefined {
  try {
    return JSON.stringify(rows.map(encode));
  } catch (thrown) {
    // Nested too deep, or in a circle, is a RangeError; anything else is a bug.
    if (thrown instanceof NotCacheable || thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** The rows of a text that {@link encodeRows} has written; undefined for any other text. */
export function decodeRows(text: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.map(decode) : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof NotCacheable) return undefined;
    throw thrown;
  }
}

class NotCacheable extends Error {}

function encode(value: unknown): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : mark("number", Object.is(value, -0) ? "-0" : String(value));
  }
  if (typeof value === "bigint") return mark("bigint", String(value));
  if (value === undefined) return mark("undefined", "");
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof Date) return mark("date", String(value.getTime()));
  if (Buffer.isBuffer(value)) return mark("bytes", value.toString("base64"));
  if (typeof value !== "object" || !isPlain(value)) throw new NotCacheable();
  const entries = Object.entries(value).map(([key, inner]) => [key, encode(inner)] as const);
  return MARK in value ? mark("object", entries) : Object.fromEntries(entries);
}

function decode(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decode);
  if (!Object.hasOwn(value, MARK)) return decodeEntries(Object.entries(value));
  const [kind, content] = (value as { readonly [MARK]: readonly [string, unknown] })[MARK];
  if (kind === "object" && Array.isArray(content)) return decodeEntries(content);
  const text = String(content);
  if (kind === "number") return Number(text);
  if (kind === "bigint") return BigInt(text);
  if (kind === "undefined") return undefined;
  if (kind === "date") return new Date(Number(text));
  if (kind === "bytes") return Buffer.from(text, "base64");
  throw new NotCacheable();
}

function decodeEntries(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries.map(([key, inner]) => [key, decode(inner)]));
}

function mark(kind: string, content: unknown): object {
  return { [MARK]: [kind, content] };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
