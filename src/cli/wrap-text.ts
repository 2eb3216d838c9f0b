import stringWidth from "fast-string-width";

/** Columns of a page: what every terminal has. */
const PAGE = 80;

/**
 * Breaks a text into lines between words, each no wider than a page minus the indentation; a longer word stands alone.
 *
 * @param indent columns that will stand before each line.
 */
export function wrapText(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((one) => one !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && stringWidth(longer) > PAGE - indent) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === "" ? lines : [...lines, line];
}
