/** What a text can look like on a terminal. */
export type Look = "bold" | "dim" | "red" | "yellow" | "green";

/** Gives a text a look, or leaves it as it is. */
export type Paint = (look: Look, text: string) => string;

/** ECMA-48, "select graphic rendition": what switches a look on, and off again. */
const CODES: Readonly<Record<Look, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
};

/** Makes a {@link Paint}; without colours it changes nothing. */
export function createPaint(colour: boolean): Paint {
  if (!colour) return (_, text) => text;
  return (look, text) => {
    const [on, off] = CODES[look];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
