/**
 * One word for PGOPTIONS, where white space divides and a backslash takes the next character as it is.
 *
 * @example escapeOption("app.creator_id=a b") // "app.creator_id=a\\ b"
 */
export function escapeOption(word: string): string {
  return word.replace(/[\s\\]/g, "\\$&");
}
