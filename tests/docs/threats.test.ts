import { describe, expect, it } from "vitest";
import { CODE_RULES, POLICY_RULES } from "../../codegen/code-rules.js";
import { CATALOG_RULES } from "../../src/isolation/audit.js";
import { PROBES } from "../../src/isolation/probes/probes.js";
import { SQL_RULES } from "../../src/isolation/sql/sql-rules.js";
import { FOLDER_RULES } from "../../src/migrate/check-folder/check-folder.js";
import { readPage, readRows } from "./support/markdown.js";

const STATES = ["rule", "probe", "construction", "client", "test", "no leak", "residual", "not yet"];
const NUMBER_OF_LEAKS = 87;

/** Rules over the live catalog, over code, over SQL and over the folder. */
const RULES = [...CATALOG_RULES, ...CODE_RULES, ...POLICY_RULES, ...SQL_RULES, ...FOLDER_RULES];

const rows = readRows(readPage("docs/threats.md")).filter((row) => row.length === 5);
const leaks = rows.map(([number, states, , how, also]) => ({
  number: Number(number),
  states: (states ?? "").split(", "),
  rules: [...`${how} ${also}`.matchAll(/\[([a-z-]+)\]\(rules\.md#([a-z-]+)\)/g)].map((match) => {
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

  it("names, at each leak, the rules and the probes that say they cover it", () => {
    for (const { number, rules, states } of leaks) {
      const covering = (all: readonly { readonly id: string; readonly threats: readonly number[] }[]) =>
        all.filter(({ threats }) => threats.includes(number)).map(({ id }) => id);
      for (const id of [...covering(RULES), ...covering(PROBES)])
        expect(rules, `leak ${number}`).toContain(id);
      expect(states.includes("rule"), `leak ${number} is met by a rule`).toBe(covering(RULES).length > 0);
      expect(states.includes("probe"), `leak ${number} is met by a probe`).toBe(covering(PROBES).length > 0);
    }
  });

  it("names nothing twice at one leak in the last column and the text", () => {
    for (const [number, , , how = "", also = ""] of rows) {
      const named = (cell: string) => [...cell.matchAll(/\[([a-z-]+)\]/g)].map((match) => match[1]);
      for (const id of named(also)) expect(named(how), `leak ${number}`).not.toContain(id);
    }
  });

  it("does not say of a leak that is looked for that nothing looks for it", () => {
    for (const { number, rules, states } of leaks)
      if (states.includes("not yet")) expect(rules, `leak ${number}`).toEqual([]);
  });

  it("names no rule and no probe that does not exist", () => {
    const known = [...RULES, ...PROBES].map(({ id }) => id);
    for (const { rules } of leaks) for (const rule of rules) expect(known).toContain(rule);
  });
});
