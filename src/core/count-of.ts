/**
 * A number and its noun.
 *
 * @param noun in the singular; its plural ends in s.
 * @example countOf(1234, "row") // "1,234 rows"
 */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
