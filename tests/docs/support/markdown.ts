import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A fenced block of code. */
export type Block = {
  readonly language: string;
  readonly text: string;
  /** The heading of the second level above it, or an empty text. */
  readonly section: string;
  /** The nearest heading above it, whatever its level. */
  readonly heading: string;
  /** 1-based, of the opening fence. */
  readonly line: number;
};

/** A part of a page: its heading and what stands below, up to the next heading of the same level or a higher one. */
export type Section = { readonly title: string; readonly text: string };

const FENCE = /^```(\w*)/;
const HEADING = /^(#{1,6}) (.+)$/;

/** The repository's root, with a slash at its end. */
export const repository = fileURLToPath(new URL("../../../", import.meta.url));

/** A file of the repository. */
export function readPage(path: string): string {
  return readFileSync(`${repository}${path}`, "utf8");
}

/** Every fenced block of a page, in order. */
export function readBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let section = "";
  let heading = "";
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = FENCE.exec(line);
    if (open !== undefined && fence !== null) {
      blocks.push({
        language: open.language,
        text: open.lines.join("\n"),
        section,
        heading,
        line: open.line,
      });
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line);
    } else if (fence !== null) {
      open = { language: fence[1] ?? "", line: index + 1, lines: [] };
    } else {
      const found = HEADING.exec(line);
      if (found === null) continue;
      heading = found[2] ?? "";
      if (found[1] === "##") section = heading;
    }
  }
  if (open !== undefined) throw new Error(`the block that opens in line ${open.line} is never closed`);
  return blocks;
}

/** A page without its fenced blocks. */
export function proseOf(markdown: string): string {
  let inside = false;
  return markdown
    .split("\n")
    .filter((line) => {
      const isFence = FENCE.test(line);
      if (isFence) inside = !inside;
      return !inside && !isFence;
    })
    .join("\n");
}

/** What stands between backticks outside of fenced blocks. */
export function readCodeSpans(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}

/** The sections of one level, in order. */
export function readSections(markdown: string, level: number): Section[] {
  const marker = `${"#".repeat(level)} `;
  const sections: { title: string; lines: string[] }[] = [];
  let inside = false;
  let fenced = false;
  for (const line of markdown.split("\n")) {
    if (FENCE.test(line)) fenced = !fenced;
    const depth = fenced ? undefined : HEADING.exec(line)?.[1]?.length;
    if (depth !== undefined && depth <= level) {
      inside = line.startsWith(marker);
      if (inside) sections.push({ title: line.slice(marker.length), lines: [] });
    } else if (inside) sections.at(-1)?.lines.push(line);
  }
  return sections.map(({ title, lines }) => ({ title, text: lines.join("\n") }));
}

/** The rows of the tables in a text, cell by cell, without headings and rules. */
export function readRows(markdown: string): string[][] {
  const rows = markdown
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf("|"))
        .split("|")
        .map((cell) => cell.trim()),
    );
  const isRule = (row: string[] | undefined) => row?.every((cell) => /^:?-+:?$/.test(cell)) === true;
  return rows.filter((row, index) => !isRule(row) && !isRule(rows[index + 1]));
}
