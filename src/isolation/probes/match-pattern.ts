/**
 * A text that a regular expression matches, or undefined if it is built in a way that this does not know. The server has
 * the last word on whether it does match. Different seeds give different texts where the expression leaves room.
 *
 * @example matchPattern("^[0-9a-f]{8}$", 7)?.length // 8
 */
export function matchPattern(pattern: string, seed: number): string | undefined {
  const reader: Reader = { text: pattern, at: 0, seed };
  try {
    const matched = readAlternatives(reader);
    return reader.at === pattern.length ? matched : undefined;
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** A text that LIKE matches, made as long as is asked if the pattern leaves room. */
export function matchLike(pattern: string, seed: number, length = 0): string {
  const fill = (any: string) =>
    pattern.replace(/\\(.)|[%_]/g, (found, escaped?: string) =>
      escaped === undefined ? (found === "%" ? any : "a") : escaped,
    );
  const any = `p${seed}`;
  const rooms = fill("").length;
  const shares = Math.max(fill("x").length - rooms || 1, 1);
  return fill(any.padEnd(Math.ceil((length - rooms) / shares), "x"));
}

type Reader = { readonly text: string; at: number; seed: number };

const MOST_REPEATS = 300;
const CLASSES: Readonly<Record<string, string>> = {
  alpha: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  digit: "0123456789",
  xdigit: "0123456789abcdef",
  alnum: "abcdefghijklmnopqrstuvwxyz0123456789",
  space: " \t\n",
  punct: "-_.,!",
};
const WORD = `${CLASSES.alnum}_`;
const ANY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.@/ :+#";

function readAlternatives(reader: Reader): string {
  const parts = [readSequence(reader)];
  while (reader.text[reader.at] === "|") {
    reader.at += 1;
    parts.push(readSequence(reader));
  }
  return parts[reader.seed % parts.length] ?? "";
}

function readSequence(reader: Reader): string {
  let out = "";
  while (reader.at < reader.text.length && !"|)".includes(reader.text[reader.at] ?? "")) {
    const from = reader.at;
    const once = readAtom(reader);
    const to = reader.at;
    const { least, most } = readRepeats(reader);
    const after = reader.at;
    // One more than nothing, so that seeds tell; a few of what has no end.
    const times = Math.min(least === 0 ? Math.min(1, most) : least < 6 && most > 6 ? 6 : least, MOST_REPEATS);
    if (times > 0) out += once;
    for (let turn = 1; turn < times; turn += 1) {
      reader.at = from;
      out += readAtom(reader);
      if (reader.at !== to) throw new RangeError("read differently");
    }
    reader.at = after;
  }
  return out;
}

function readAtom(reader: Reader): string {
  const character = reader.text[reader.at] ?? "";
  reader.at += 1;
  switch (character) {
    case "^":
    case "$":
      return "";
    case ".":
      return pick(reader, WORD);
    case "[":
      return pick(reader, readClass(reader));
    case "(": {
      const lookaround = /^\?(=|!|<)/.test(reader.text.slice(reader.at));
      if (lookaround) throw new RangeError("looks around");
      if (reader.text.startsWith("?:", reader.at)) reader.at += 2;
      const inside = readAlternatives(reader);
      if (reader.text[reader.at] !== ")") throw new RangeError("no end");
      reader.at += 1;
      return inside;
    }
    case "\\":
      return readEscape(reader);
    default:
      return character;
  }
}

function readEscape(reader: Reader): string {
  const character = reader.text[reader.at] ?? "";
  reader.at += 1;
  if (/[AZmMyY]/.test(character)) return "";
  const members = escapeMembers(character);
  return members === undefined ? character : pick(reader, members);
}

function escapeMembers(character: string): string | undefined {
  return { d: CLASSES.digit, w: WORD, s: " ", D: CLASSES.lower, S: WORD, W: "-" }[character];
}

function readClass(reader: Reader): string {
  const negated = reader.text[reader.at] === "^";
  if (negated) reader.at += 1;
  let members = "";
  let first = true;
  for (;;) {
    const rest = reader.text.slice(reader.at);
    if (rest === "") throw new RangeError("no end");
    if (rest.startsWith("]") && !first) break;
    first = false;
    const named = /^\[:(\w+):\]/.exec(rest);
    const range = /^([^\\[])-([^\]\\])/.exec(rest);
    const escaped = /^\\(.)/.exec(rest);
    if (named !== null) {
      members += CLASSES[named[1] ?? ""] ?? "";
    } else if (range !== null) {
      const [from = 0, to = 0] = [range[1]?.codePointAt(0), range[2]?.codePointAt(0)];
      for (let code = from; code <= Math.min(to, from + 200); code += 1)
        members += String.fromCodePoint(code);
    } else if (escaped !== null) {
      members += escapeMembers(escaped[1] ?? "") ?? escaped[1] ?? "";
    } else {
      members += rest[0] ?? "";
    }
    reader.at += (named ?? range ?? escaped)?.[0].length ?? 1;
  }
  reader.at += 1;
  if (!negated) return members;
  return [...ANY].filter((character) => !members.includes(character)).join("");
}

function readRepeats(reader: Reader): { least: number; most: number } {
  const found = /^(?:([*+?])|\{(\d+)(,)?(\d+)?\})\??/.exec(reader.text.slice(reader.at));
  if (found === null) return { least: 1, most: 1 };
  reader.at += found[0].length;
  const [, sign, least, comma, most] = found;
  if (sign === "*") return { least: 0, most: Number.POSITIVE_INFINITY };
  if (sign === "+") return { least: 1, most: Number.POSITIVE_INFINITY };
  if (sign === "?") return { least: 0, most: 1 };
  const open = most === undefined ? Number.POSITIVE_INFINITY : Number(most);
  return { least: Number(least), most: comma === undefined ? Number(least) : open };
}

/** Walks through the members in an order that the seed decides. */
function pick(reader: Reader, members: string): string {
  const characters = [...members];
  if (characters.length === 0) throw new RangeError("matches nothing");
  reader.seed = (reader.seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return characters[Math.floor(reader.seed / 65_536) % characters.length] ?? "";
}
