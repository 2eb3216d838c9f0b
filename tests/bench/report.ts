import type { Sample } from "./measure.js";

/** A row of a Markdown table: what, median, fastest and slowest, runs, budget. */
export function formatRow(what: string, budget: number | undefined, { times }: Sample): string {
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const within = budget === undefined ? "" : `${seconds(budget)} ${median <= budget ? "(kept)" : "(missed)"}`;
  const range = `${seconds(times[0] ?? 0)}–${seconds(times.at(-1) ?? 0)}`;
  return `| ${what} | ${seconds(median)} | ${range} | ${times.length} | ${within} |`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/**
 * Replaces what stands between two markers of a document.
 *
 * @throws Error if the document has no such markers.
 */
export function replaceSection(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no section ${name}`);
  return `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`;
}
