/** Control characters but line breaks and tabs; what reorders a line; what no text may hold. */
const HIDDEN =
  /(?![\n\t])\p{Cc}|[\u2028\u2029\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]|\p{Noncharacter_Code_Point}|\p{Cs}/gu;

/**
 * A text in which a reader sees what is there: characters that would hide, reorder or break it are shown by their numbers.
 *
 * @example visibleText("a\u202eb") // "a⟨U+202E⟩b"
 */
export function visibleText(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}
