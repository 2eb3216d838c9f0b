import stringWidth from "fast-string-width";
import { cutText } from "./cut-text.js";

/** How a table is drawn. */
export type TableFormat = {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns at most, cut with an ellipsis; undefined for no limit. */
  readonly widths?: readonly (number | undefined)[];
};

/** A table for people: two spaces between columns, wide characters counted as two. */
export function formatTable(format: TableFormat): string {
  const lines = [format.headings, ...format.rows].map((row) =>
    row.map((cell, column) => {
      const width = format.widths?.[column];
      return width === undefined ? cell : cutText(cell, width);
    }),
  );
  const widths = format.headings.map((_, column) =>
    lines.reduce((widest, row) => Math.max(widest, stringWidth(row[column] ?? "")), 0),
  );
  return lines
    .map((row) =>
      row
        .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - stringWidth(cell)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
