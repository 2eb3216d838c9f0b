import stringWidth from "fast-string-width";
import { describe, expect, it } from "vitest";
import { formatTable } from "../../src/cli/format-table.js";

describe("formatTable", () => {
  it("aligns columns, also under wide characters, and leaves no spaces at the ends", () => {
    const text = formatTable({
      headings: ["TABLE", "N"],
      rows: [
        ["日本語", "1"],
        ["a", "2"],
        ["longer", ""],
      ],
    });
    expect(text).toBe("TABLE   N\n日本語  1\na       2\nlonger");
  });

  it("cuts what is too wide, and never in the middle of a character", () => {
    const text = formatTable({
      headings: ["T"],
      rows: [["日本語日本語"], ["x".repeat(40)], ["fits"]],
      widths: [8],
    });
    expect(text.split("\n")).toEqual(["T", "日本語…", "xxxxxxx…", "fits"]);
    for (const line of text.split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(8);
  });

  it("draws headings alone", () => {
    expect(formatTable({ headings: ["A", "B"], rows: [] })).toBe("A  B");
  });
});
