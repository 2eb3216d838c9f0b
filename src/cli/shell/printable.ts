/**
 * A text that cannot do anything to a terminal: control characters are shown as PostgreSQL's shell shows them.
 *
 * @example printable("a\u001b[2J") // "a\\x1B[2J"
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\r") return "\\r";
    return code > 0xff
      ? `\\u${code.toString(16).toUpperCase()}`
      : `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
  });
}
