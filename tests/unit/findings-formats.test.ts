import { describe, expect, it } from "vitest";
import { z } from "zod";
import { formatFindingsGithub } from "../../src/cli/format-findings/github.js";
import { formatFindingsSarif } from "../../src/cli/format-findings/sarif.js";
import { formatFindingsText, summarizeFindings } from "../../src/cli/format-findings/text.js";
import type { Finding } from "../../src/core/finding.js";

const findings: readonly Finding[] = [
  {
    rule: "rls-not-enabled",
    level: "error",
    subject: "documents",
    file: "drizzle/1 ä/migration.sql",
    line: 3,
    column: 7,
    detail: "100% off,\nreally",
    fix: "on",
  },
  { rule: "rule-failed", level: "error", subject: "some-rule", detail: "it threw", fix: "report it" },
  {
    rule: "dynamic-sql",
    level: "warning",
    subject: "a DO block",
    file: "b.sql",
    line: 1,
    detail: "odd",
    fix: "look",
  },
];

it("counts findings and files", () => {
  expect(summarizeFindings(findings)).toBe("2 errors, 1 warning in 2 files");
  expect(formatFindingsText(findings).split("\n").at(-1)).toBe("2 errors, 1 warning in 2 files");
  expect(formatFindingsText(findings)).toContain(
    "error[rls-not-enabled] documents (drizzle/1 ä/migration.sql:3:7): ",
  );
  expect(formatFindingsText([])).toBe("");
});

it("escapes what GitHub would take for its own", () => {
  expect(formatFindingsGithub(findings).split("\n")).toEqual([
    "::error file=drizzle/1 ä/migration.sql,line=3,col=7,title=rls-not-enabled documents::100%25 off,%0Areally%0Afix: on",
    "::error title=rule-failed some-rule::it threw%0Afix: report it",
    "::warning file=b.sql,line=1,title=dynamic-sql a DO block::odd%0Afix: look",
  ]);
  const odd = { ...findings[1], subject: "a:b,c%", rule: "x", level: "error", detail: "", fix: "" } as const;
  expect(formatFindingsGithub([odd])).toContain("title=x a%3Ab%2Cc%25::");
});

/** The parts of the SARIF 2.1.0 schema that this tool uses, with what it demands of them. */
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string(),
          version: z.string(),
          semanticVersion: z.string().regex(/^\d+\.\d+\.\d+/),
          rules: z.array(
            z.strictObject({
              id: z.string(),
              name: z.string(),
              shortDescription: z.strictObject({ text: z.string().min(1) }),
              help: z.strictObject({ text: z.string().min(1) }),
              helpUri: z.url().optional(),
            }),
          ),
        }),
      }),
      columnKind: z.enum(["utf16CodeUnits", "unicodeCodePoints"]),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level: z.enum(["none", "note", "warning", "error"]),
          message: z.strictObject({ text: z.string().min(1) }),
          locations: z.array(
            z.strictObject({
              physicalLocation: z.strictObject({
                artifactLocation: z.strictObject({ uri: z.string().regex(/^[^\s\\]+$/) }),
                region: z
                  .strictObject({ startLine: z.int().min(1), startColumn: z.int().min(1).optional() })
                  .optional(),
              }),
            }),
          ),
          partialFingerprints: z.record(z.string(), z.string()),
        }),
      ),
    }),
  ]),
});

describe("the SARIF log", () => {
  it("has the structure of version 2.1.0, and each result its rule", () => {
    const log = sarif.parse(
      JSON.parse(
        formatFindingsSarif(findings, { version: "0.1.0", rulesPage: "https://example.org/rules.md" }),
      ),
    );
    const [run] = log.runs;
    expect(run.results).toHaveLength(3);
    for (const { ruleId, ruleIndex } of run.results)
      expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(run.tool.driver.rules[0]?.helpUri).toBe("https://example.org/rules.md#dynamic-sql");
    expect(run.results[0]?.locations[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: "drizzle/1%20%C3%A4/migration.sql" },
      region: { startLine: 3, startColumn: 7 },
    });
  });

  it("is valid without findings", () => {
    const log = sarif.parse(JSON.parse(formatFindingsSarif([], { version: "0.1.0" })));
    expect(log.runs[0].results).toEqual([]);
  });
});
