import { describe, expect, it } from "vitest";
import { importPath } from "../../codegen/emit/generated-file.js";
import { printLiteral } from "../../codegen/emit/literal.js";

describe("printLiteral", () => {
  it("breaks what does not fit into a line, and nothing else", () => {
    const word = "x".repeat(30);
    expect(printLiteral(["a", "b"])).toBe('["a", "b"]');
    expect(printLiteral([word, word, word, word])).toBe(`[\n${`  "${word}",\n`.repeat(4)}]`);
    expect(printLiteral({ key: "x".repeat(200), "a b": 1, none: null })).toBe(
      `{\n  key:\n    "${"x".repeat(200)}",\n  "a b": 1,\n  none: null,\n}`,
    );
  });

  it("takes the quotes that save escapes", () => {
    expect(printLiteral(`say "yes"`)).toBe(`'say "yes"'`);
    expect(printLiteral(`it's "so"`)).toBe(`'it\\'s "so"'`);
    expect(printLiteral(`it's`)).toBe(`"it's"`);
    expect(printLiteral("a\nb")).toBe('"a\\nb"');
  });
});

describe("importPath", () => {
  it("is relative, with the extension of compiled code", () => {
    expect(importPath("/p/schema/generated/zod.ts", "/p/schema/index.ts")).toBe("../index.js");
    expect(importPath("/p/out/zod.ts", "/p/out/tables.mts")).toBe("./tables.mjs");
  });
});
