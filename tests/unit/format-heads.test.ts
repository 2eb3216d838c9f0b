import { describe, expect, it } from "vitest";
import { formatHeads } from "../../src/cli/format-heads.js";

const draw = (parents: Readonly<Record<string, readonly string[]>>, heads: readonly string[], all = false) =>
  formatHeads({ names: Object.keys(parents), parents: new Map(Object.entries(parents)), heads }, all).split(
    "\n",
  );

describe("the graph of migrations", () => {
  it("is one row where all branches were joined, however often", () => {
    expect(draw({ a: [], b: ["a"], c: ["a"], d: ["b", "c"], e: ["d"] }, ["e"])).toEqual([
      "a",
      "b",
      "c (after a)",
      "d (joins b)",
      "e (head)",
    ]);
  });

  it("has a branch for each head, and says where one begins that does not follow the line above", () => {
    expect(
      draw({ a: [], b: ["a"], b2: ["b"], c: ["a"], d: ["c"], e: ["c"], f: ["b", "c"] }, [
        "b2",
        "d",
        "e",
        "f",
      ]),
    ).toEqual([
      "a",
      "├─ b",
      "│  b2 (head)",
      "└─ c",
      "   ├─ d (head)",
      "   ├─ e (head)",
      "   └─ f (head) (joins b)",
    ]);
  });

  it("is nothing for an empty folder, and begins anew where nothing is in common", () => {
    expect(draw({}, [])).toEqual([""]);
    expect(draw({ a: [], b: [] }, ["a", "b"])).toEqual(["├─ a (head)", "└─ b (head)"]);
  });

  it("shows both ends of a long row, and every name on demand", () => {
    const names = Array.from({ length: 9 }, (_, index) => `m${index}`);
    const parents = Object.fromEntries(names.map((name, index) => [name, names.slice(index - 1, index)]));
    expect(draw({ ...parents, m0: [] }, ["m8"])).toEqual(["m0", "m1", "⋮ 5 more", "m7", "m8 (head)"]);
    expect(draw({ ...parents, m0: [] }, ["m8"], true)).toHaveLength(9);
  });

  it("does nothing to a terminal, and stays in its 80 columns", () => {
    const clear = "\u001b[2J";
    expect(draw({ [clear]: [] }, [clear])).toEqual(["\\x1B[2J (head)"]);
    const wide = "名".repeat(60);
    expect(draw({ [wide]: [] }, [wide])).toEqual([`${"名".repeat(39)}…`]);
  });
});
