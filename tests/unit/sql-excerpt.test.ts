import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { excerptSql } from "../../src/core/sql-excerpt.js";

describe("excerptSql", () => {
  it.each([
    ["select 1\nfrm t", 10, ["frm t", "^"]],
    ["select 1\nfrm t", 1, ["select 1", "^"]],
    ["frm t", 5, ["frm t", "    ^"]],
    ["a\n\nb", 3, ["", "^"]],
    ["select 1", undefined, ["select 1"]],
    ["", undefined, [""]],
    ["select 'äö💣' frm", 14, ["select 'äö💣' frm", "             ^"]],
    ["ab", 99, ["ab", "  ^"]],
  ])("%j at %s", (sql, position, expected) => {
    expect(excerptSql(sql, position)).toEqual(expected);
  });

  it("shows the right character of a long line, within the width of a terminal", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 400 }), (before, after) => {
        const sql = `first\n${"a".repeat(before)}!${"b".repeat(after)}\nlast`;
        const [line = "", caret = ""] = excerptSql(sql, 6 + before + 1);
        expect(line[caret.indexOf("^")]).toBe("!");
        expect(Math.max(line.length, caret.length)).toBeLessThanOrEqual(78);
      }),
    );
  });
});
