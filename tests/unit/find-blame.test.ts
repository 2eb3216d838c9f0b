import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/core/finding.js";
import type { Judgement } from "../../src/isolation/create-judge.js";
import { findBlame } from "../../src/migrate/run/find-blame.js";

const finding = (
  rule: string,
  subject: string,
  detail = "x",
  level: Finding["level"] = "error",
): Finding => ({
  rule,
  level,
  subject,
  detail,
  fix: "",
});
const judgement = (relations: readonly string[], ...findings: Finding[]): Judgement => ({
  relations: new Set(relations),
  findings,
});
const SOUND = judgement(["notes"]);
const OPEN = judgement(["notes"], finding("rls-not-enabled", "notes", "its 2 policies do nothing"));

describe("findBlame", () => {
  it("blames a migration for what was sound before it, wherever in the run", () => {
    for (const later of [[], ["alter table notes enable row level security"]])
      expect(findBlame({ start: SOUND, before: SOUND, after: OPEN, later })).toHaveLength(1);
  });

  it("blames nobody for what was there before the run, told in other words", () => {
    const start = judgement(["notes"], finding("rls-not-enabled", "notes", "its 0 policies do nothing"));
    expect(findBlame({ start, before: start, after: OPEN, later: [] })).toEqual([]);
  });

  it("does not take less of the same for something new, and more of it for the same", () => {
    const held = (detail: string) => judgement(["notes"], finding("grant-too-wide", "notes", detail));
    const [little, much] = [held("PUBLIC holds SELECT"), held("PUBLIC holds SELECT, INSERT")];
    expect(findBlame({ start: much, before: much, after: little, later: [] })).toEqual([]);
    expect(findBlame({ start: little, before: little, after: much, later: [] })).toHaveLength(1);
  });

  it("lets a later migration of the run protect what an earlier one makes", () => {
    const [start, after] = [judgement([]), OPEN];
    expect(findBlame({ start, before: start, after, later: ["alter table notes …"] })).toEqual([]);
    expect(findBlame({ start, before: start, after, later: ["select 1"] })).toHaveLength(1);
    expect(findBlame({ start, before: after, after, later: [] })).toHaveLength(1);
  });

  it("passes over warnings, and over tables that are not there", () => {
    const after = judgement([], finding("table-missing", "notes"), finding("drift", "notes", "x", "warning"));
    expect(findBlame({ start: SOUND, before: SOUND, after, later: [] })).toEqual([]);
  });
});
