import { describe, expect, it } from "vitest";
import { CATALOG_RULES } from "../../src/isolation/audit.js";
import { readPage, readRows } from "./support/markdown.js";

const STATES = ["rule", "construction", "client", "test", "no leak", "residual", "not yet"];
const NUMBER_OF_LEAKS = 87;

const rows = readRows(readPage("docs/threats.md")).filter((row) => row.length === 4);
const leaks = rows.map(([number, states, , how]) => ({
  number: Number(number),
  states: (states ?? "").split(", "),
  rules: [...(how ?? "").matchAll(/\[([a-z-]+)\]\(rules\.md#([a-z-]+)\)/g)].map((match) => {
    expect(match[1]).toBe(match[2]);
    return match[1] ?? "";
  }),
}));

describe("docs/threats.md", () => {
  it("lists every leak once, in order", () => {
    expect(leaks.map(({ number }) => number)).toEqual(
      Array.from({ length: NUMBER_OF_LEAKS }, (_, index) => index + 1),
    );
  });

  it("explains every word that it uses for how a leak is met", () => {
    const explained = readRows(readPage("docs/threats.md"))
      .filter((row) => row.length === 2)
      .map(([word]) => word);
    expect(explained).toEqual(STATES);
    for (const { states } of leaks) for (const state of states) expect(STATES).toContain(state);
  });

  it("names, at each leak, the rules that say they cover it", () => {
    for (const { number, rules, states } of leaks) {
      const covering = CATALOG_RULES.filter(({ threats }) => threats.includes(number)).map(({ id }) => id);
      for (const id of covering) expect(rules, `leak ${number}`).toContain(id);
      expect(states.includes("rule"), `leak ${number} is met by a rule`).toBe(covering.length > 0);
    }
  });

  it("names no rule that does not exist", () => {
    const known = CATALOG_RULES.map(({ id }) => id);
    for (const { rules } of leaks) for (const rule of rules) expect(known).toContain(rule);
  });
});
