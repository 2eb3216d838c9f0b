/** What Redis may answer, as ioredis gives it: bytes, numbers, null, errors, and arrays of them. */
export type RedisReply = Buffer | string | number | null | Error | readonly RedisReply[];

/** Answers that are a status and no value. ioredis does not tell them apart, redis-cli shows them without quotes. */
const STATUS: ReadonlySet<string> = new Set(["OK", "PONG", "QUEUED", "RESET"]);
const ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\x07": "\\a",
  "\b": "\\b",
  '"': '\\"',
  "\\": "\\\\",
};

/**
 * An answer for people, as redis-cli shows it on a terminal; text that is valid UTF-8 stays readable.
 *
 * @example formatReply([Buffer.from("a"), null, 3]) // '1) "a"\n2) (nil)\n3) (integer) 3'
 */
export function formatReply(reply: RedisReply): string {
  if (reply === null) return "(nil)";
  if (reply instanceof Error) return `(error) ${reply.message}`;
  if (typeof reply === "number") return `(integer) ${reply}`;
  if (Buffer.isBuffer(reply) || typeof reply === "string") {
    const text = reply.toString();
    return STATUS.has(text) ? text : quote(reply);
  }
  if (reply.length === 0) return "(empty array)";
  const width = String(reply.length).length;
  return reply
    .map((item, index) => {
      const number = `${String(index + 1).padStart(width)}) `;
      return number + formatReply(item).replaceAll("\n", `\n${" ".repeat(number.length)}`);
    })
    .join("\n");
}

/** An answer for programs, as redis-cli writes it into a pipe: values alone, one a line, nil as an empty line. */
export function formatRawReply(reply: RedisReply): Buffer {
  if (reply === null) return Buffer.alloc(0);
  if (reply instanceof Error) return Buffer.from(reply.message);
  if (Buffer.isBuffer(reply)) return reply;
  if (typeof reply === "number" || typeof reply === "string") return Buffer.from(String(reply));
  return Buffer.concat(
    reply.flatMap((item, index) => [...(index === 0 ? [] : [Buffer.from("\n")]), formatRawReply(item)]),
  );
}

/** An answer as JSON can hold it; bytes that are no text become U+FFFD. */
export function replyToJson(reply: RedisReply): unknown {
  if (reply instanceof Error) return { error: reply.message };
  if (Buffer.isBuffer(reply)) return reply.toString();
  return Array.isArray(reply) ? reply.map(replyToJson) : reply;
}

function quote(bytes: Buffer | string): string {
  const text = bytes.toString();
  const isText = typeof bytes === "string" || Buffer.from(text).equals(bytes);
  // latin1 keeps each byte a character, each of which is then shown as itself or as \xff.
  const shown = (isText ? text : bytes.toString("latin1")).replace(
    isText ? /["\\\p{Cc}]/gu : /["\\]|[^ -~]/g,
    (character) => ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${shown}"`;
}
