import stringWidth from "fast-string-width";
import { formatTable } from "../format-table.js";
import { printable } from "./printable.js";
import type { SqlResult } from "./sql-session.js";

/** Rows that are drawn at a time; more arguments than this to Math.max would overflow the stack. */
const BATCH = 10_000;

/** Commands whose count says nothing beside the rows themselves. */
const COUNTED: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"]);

/**
 * A result for people, laid out as psql does: an aligned table that is never wrapped, NULL as nothing at all, the
 * number of rows; for a statement without rows its tag.
 *
 * @example formatResult({ command: "SELECT", columns: ["n"], rows: [["1"]], count: 1, copied: "" })
 * // "n\n-\n1\n(1 row)"
 */
export function formatResult(result: SqlResult): string {
  const { command, columns, rows, copied } = result;
  if (copied !== "") return copied.replace(/\n$/, "");
  if (columns === undefined) return formatTag(result);
  const table = columns.length === 0 ? [] : [drawTable(columns, rows)];
  const tag = COUNTED.has(command) ? [formatTag(result)] : [];
  return [...table, `(${rows.length} ${rows.length === 1 ? "row" : "rows"})`, ...tag].join("\n");
}

/** `INSERT 0 1` and `UPDATE 1`, as psql has taught everybody to read them; `CREATE TABLE` has no number. */
function formatTag({ command, count }: SqlResult): string {
  if (count === undefined) return command;
  return command === "INSERT" ? `INSERT 0 ${count}` : `${command} ${count}`;
}

function drawTable(columns: readonly string[], rows: SqlResult["rows"]): string {
  const cells = rows.flatMap(linesOfRow);
  const widths = columns.map((name, column) =>
    cells.reduce(
      (width, row) => Math.max(width, stringWidth(row[column] ?? "")),
      stringWidth(printable(name)),
    ),
  );
  const headings = columns.map((name, column) => pad(printable(name), widths[column] ?? 0));
  const ruled = [widths.map((width) => "-".repeat(width)), ...cells];
  const batches: string[] = [];
  for (let from = 0; from < ruled.length; from += BATCH) {
    // The headings hold every batch to the same widths; only the first one shows them.
    const drawn = formatTable({ headings, rows: ruled.slice(from, from + BATCH) });
    batches.push(from === 0 ? drawn : drawn.slice(drawn.indexOf("\n") + 1));
  }
  return batches.join("\n");
}

/** A row takes as many lines as its longest value; a plus sign says that a value goes on, as in psql. */
function linesOfRow(row: readonly (string | null)[]): string[][] {
  const cells = row.map((value) =>
    (value ?? "").split("\n").map((line) => printable(line.replaceAll("\t", "    "))),
  );
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) =>
    cells.map((lines) => `${lines[at] ?? ""}${at < lines.length - 1 ? "+" : ""}`),
  );
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}
