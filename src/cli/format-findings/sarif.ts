import type { Finding } from "../../core/finding.js";

/** What the log says about the tool. */
export type SarifTool = {
  readonly version: string;
  /** Where the headings of `docs/rules.md` can be read; without it the rules have no link. */
  readonly rulesPage?: string | undefined;
};

/**
 * Findings as a SARIF 2.1.0 log, for GitHub's code scanning and for editors.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function formatFindingsSarif(findings: readonly Finding[], tool: SarifTool): string {
  const ids = [...new Set(findings.map(({ rule }) => rule))].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "tenantry",
            version: tool.version,
            semanticVersion: tool.version,
            rules: ids.map((id) => describeRule(id, tool.rulesPage)),
          },
        },
        // Columns count characters, and not UTF-16 units.
        columnKind: "unicodeCodePoints",
        results: findings.map((finding) => describeResult(finding, ids.indexOf(finding.rule))),
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

function describeRule(id: string, rulesPage: string | undefined) {
  return {
    id,
    name: id,
    shortDescription: { text: id.replaceAll("-", " ") },
    help: { text: `docs/rules.md#${id}` },
    ...(rulesPage === undefined ? {} : { helpUri: `${rulesPage}#${id}` }),
  };
}

function describeResult(finding: Finding, ruleIndex: number) {
  const { rule, level, subject, detail, fix, file, line, column } = finding;
  const region =
    line === undefined
      ? {}
      : { region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) } };
  const locations =
    file === undefined
      ? []
      : [{ physicalLocation: { artifactLocation: { uri: encodeURI(file) }, ...region } }];
  return {
    ruleId: rule,
    ruleIndex,
    level,
    message: { text: `${subject}: ${detail}. Fix: ${fix}` },
    locations,
    // Stable while lines move, so that a finding is not told as a new one.
    partialFingerprints: { "tenantry/v1": JSON.stringify([rule, subject, file ?? "", detail]) },
  };
}
