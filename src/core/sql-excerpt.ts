/** The line of a statement that an error is about, with a caret under the place. */
const WIDTH = 76;

/**
 * The line in which a character stands, cut to the width of a terminal, and a caret below it.
 *
 * @param position 1-based, in characters, as PostgreSQL reports it; undefined gives the first line alone.
 * @example excerptSql("select 1\nfrm t", 10) // ["frm t", "^"]
 */
export function excerptSql(sql: string, position: number | undefined): string[] {
  const characters = [...sql];
  const at = Math.min(Math.max((position ?? 1) - 1, 0), characters.length);
  const start = characters.lastIndexOf("\n", at - 1) + 1;
  const newline = characters.indexOf("\n", at);
  const line = characters.slice(at === 0 ? 0 : start, newline === -1 ? characters.length : newline);
  const column = at === 0 ? 0 : at - start;
  const from = Math.max(0, column - WIDTH + 20);
  const shown = line.slice(from, from + WIDTH).join("");
  if (position === undefined) return [shown];
  return [shown, `${" ".repeat(column - from)}^`];
}
