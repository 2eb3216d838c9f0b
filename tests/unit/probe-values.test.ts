import { loadModule } from "libpg-query";
import { beforeAll, describe, expect, it } from "vitest";
import { expressionParts } from "../../src/isolation/probes/expression-parts.js";
import { matchLike, matchPattern } from "../../src/isolation/probes/match-pattern.js";
import { PROBES } from "../../src/isolation/probes/probes.js";

beforeAll(() => loadModule());

describe("a text that a pattern matches", () => {
  it.each([
    "^[0-9a-f]{64}$",
    "^[A-Z]{2,3}-\\d+$",
    "^(red|green|blue)$",
    "^\\w+@\\w+\\.[a-z]{2,}$",
    "^(?:a|bc)*d?$",
    "^[^@ ]+$",
    "^\\+[1-9][0-9]{7,14}$",
    "^[a-z0-9]+(-[a-z0-9]+)*$",
    "x.y",
  ])("is found for %s", (pattern) => {
    const texts = [1, 2, 3].map((seed) => matchPattern(pattern, seed) ?? "");
    for (const text of texts) expect(text).toMatch(new RegExp(pattern));
  });

  it("is not found for what looks around, or does not end", () => {
    expect(matchPattern("^(?=a)b$", 1)).toBeUndefined();
    expect(matchPattern("^[a-z", 1)).toBeUndefined();
  });

  it("differs from seed to seed", () => {
    expect(new Set([1, 2, 3, 4].map((seed) => matchPattern("^[a-z]{12}$", seed))).size).toBe(4);
  });

  it("is found for LIKE, as long as is asked", () => {
    expect(matchLike("$%$%", 7)).toBe("$p7$p7");
    expect(matchLike("a\\_b__%", 7, 20)).toMatch(/^a_baa.{15}$/);
  });
});

describe("a condition taken apart", () => {
  it("gives columns, constants and patterns", () => {
    expect(
      expressionParts(
        "((a ~ '^x$'::text) AND (length(b) <= 254) AND (c = ANY (ARRAY['p'::text, 'q'::text])) OR (a ~~ 'y%'))",
      ),
    ).toEqual({
      columns: ["a", "b", "c"],
      strings: ["^x$", "p", "q", "y%"],
      numbers: ["254"],
      patterns: ["^x$"],
      likes: ["y%"],
    });
  });

  it("gives nothing for what does not parse", () => {
    expect(expressionParts("a >").columns).toEqual([]);
  });
});

describe("the list of probes", () => {
  it("has one id for each, and a number for each", () => {
    expect(new Set(PROBES.map(({ id }) => id)).size).toBe(PROBES.length);
    expect(PROBES.filter(({ threats }) => threats.length === 0)).toEqual([]);
  });
});
