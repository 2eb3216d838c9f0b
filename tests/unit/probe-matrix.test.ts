import { describe, expect, it } from "vitest";
import { formatMatrix } from "../../src/cli/proof/format-matrix.js";
import { buildReport } from "../../src/isolation/probes/build-report.js";
import type { Outcome } from "../../src/isolation/probes/outcome.js";
import { PROBES } from "../../src/isolation/probes/probes.js";

const HELD: Outcome = { result: "held" };

function report(
  outcomes: Readonly<Record<string, Readonly<Record<string, Outcome>>>>,
  notProbed: string[] = [],
) {
  const results = Object.entries(outcomes).flatMap(([subject, row]) =>
    Object.entries(row).map(([probe, outcome]) => ({ subject, probe, outcome })),
  );
  const missing = notProbed.map((subject) => ({ subject, reason: "no row", fix: "give one" }));
  return buildReport([], results, missing, { freshConnection: true, milliseconds: 1 });
}

const all = (outcome: Outcome) => Object.fromEntries(PROBES.map(({ id }) => [id, outcome]));

describe("the matrix of attacks", () => {
  it("fits on 80 columns, with names as long as PostgreSQL has them", () => {
    const text = formatMatrix(report({ [`a.${"ä".repeat(63)}`]: all(HELD), documents: all(HELD) }));
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).toContain(`documents  `);
  });

  it("numbers the columns and names every attack", () => {
    const lines = formatMatrix(report({ documents: all(HELD) })).split("\n");
    const row = lines.find((line) => line.startsWith("documents")) ?? "";
    const head = lines[0] ?? "";
    expect(head).toMatch(/^ATTACKED {3}1 {3}5 {4}10/);
    expect(row.indexOf("+")).toBe(head.indexOf("1 "));
    expect(row.slice(row.indexOf("+"))).toBe("+".repeat(PROBES.length));
    for (const [at, { id }] of PROBES.entries())
      expect(lines.join("\n")).toMatch(new RegExp(` ${at + 1} ${id}\\b`));
  });

  it("explains each mark that it uses, with its number, and no other", () => {
    const text = formatMatrix(
      report({
        a: { "probe-read": { result: "leaked", evidence: "" }, "probe-update": HELD },
        b: {
          "probe-read": { result: "not possible", reason: "" },
          "probe-delete": { result: "error", reason: "" },
        },
      }),
    );
    expect(text).toMatch(/^ {2}L 1 LEAKED: /m);
    expect(text).toMatch(/^ {2}\? 1 not tried or not proven/m);
    expect(text).toMatch(/^ {2}! 1 unclear/m);
    expect(text).not.toContain("OUTAGE");
    expect(text).toMatch(/\*1 probe-read/);
    expect(text).toMatch(/ 2 probe-update/);
    expect(text).toMatch(/\*3 probe-delete/);
    expect(text).toMatch(/^a +L\+\.$/m);
  });

  it("names what was not attacked at all", () => {
    expect(formatMatrix(report({ a: { "probe-read": HELD } }, ["riddles"]))).toMatch(
      /Not attacked at all:\n {2}riddles$/,
    );
    expect(formatMatrix(report({}, ["riddles"]))).toContain("riddles");
  });
});
