import { expect, it } from "vitest";
import type { Finding } from "../../src/core/finding.js";
import { applySuppressions } from "../../src/core/suppressions.js";

const finding = (line: number | undefined, rule = "rls-not-enabled", file = "a.sql"): Finding => ({
  rule,
  level: "error",
  subject: "documents",
  file,
  ...(line === undefined ? {} : { line, column: 1 }),
  detail: "it is off",
  fix: "switch it on",
});

const rulesLeft = (findings: readonly Finding[], text: string, file = "a.sql") =>
  applySuppressions(findings, [{ file, text }]).map(({ rule, line }) => `${rule}:${line}`);

it.each([
  ["on the line above", "-- tenantry-ignore rls-not-enabled -- legacy\nalter table x;", 2],
  ["on the same line", "select 1;\nalter table x; -- tenantry-ignore rls-not-enabled -- legacy", 2],
  ["with others, comma-separated", "-- tenantry-ignore rls-not-enabled, rls-not-forced -- legacy\nx;", 2],
  ["in a pile", "-- tenantry-ignore rls-not-enabled -- a\n-- tenantry-ignore rls-not-forced -- b\nx;", 3],
])("suppresses a finding %s", (_, text, line) => {
  const both = text.includes("forced") ? [finding(line), finding(line, "rls-not-forced")] : [finding(line)];
  expect(rulesLeft(both, text)).toEqual([]);
});

it("suppresses in TypeScript", () => {
  const text = "const a = 1;\n  // tenantry-ignore rls-not-enabled -- legacy\n  b();";
  expect(rulesLeft([finding(3, "rls-not-enabled", "a.ts")], text, "a.ts")).toEqual([]);
});

it("suppresses a finding about a whole file on its first line", () => {
  expect(rulesLeft([finding(undefined)], "x; -- tenantry-ignore rls-not-enabled -- known")).toEqual([]);
});

it.each([
  ["another rule", "-- tenantry-ignore rls-not-forced -- legacy\nx;", 2],
  ["a line further away", "-- tenantry-ignore rls-not-enabled -- legacy\n\nx;", 3],
  [
    "the line below a suppression that stands behind something",
    "y; -- tenantry-ignore rls-not-enabled -- legacy\nx;",
    2,
  ],
])("keeps %s, and says that the suppression is unused", (_, text, line) => {
  expect(rulesLeft([finding(line)], text)).toEqual([`rls-not-enabled:${line}`, "suppression-unused:1"]);
});

it.each([
  "-- tenantry-ignore rls-not-enabled",
  "-- tenantry-ignore rls-not-enabled --",
  "-- tenantry-ignore rls-not-enabled --  ",
])("asks for a reason in %j", (text) => {
  expect(rulesLeft([finding(2)], `${text}\nx;`)).toEqual([
    "rls-not-enabled:2",
    "suppression-without-reason:1",
  ]);
});

it("asks for a rule", () => {
  expect(rulesLeft([], "-- tenantry-ignore -- because")).toEqual(["suppression-without-reason:1"]);
});

it("cannot suppress that a rule failed", () => {
  const text = "-- tenantry-ignore rule-failed -- whatever\nx;";
  expect(rulesLeft([finding(2, "rule-failed")], text)).toEqual(["rule-failed:2", "suppression-unused:1"]);
});

it("is not misled by words that only look like it", () => {
  expect(rulesLeft([], "-- see tenantry-ignored\nselect '--tenantry-ignorance';")).toEqual([]);
});
