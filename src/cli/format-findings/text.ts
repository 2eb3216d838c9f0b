import { countOf } from "../../core/count-of.js";
import type { Finding } from "../../core/finding.js";
import { formatFinding } from "../../core/finding.js";

/** Findings for people: two lines each, then how many there are. Empty without findings. */
export function formatFindingsText(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  return [...findings.map(formatFinding), summarizeFindings(findings)].join("\n");
}

/** How many findings there are, such as `3 errors, 1 warning in 2 files`. */
export function summarizeFindings(findings: readonly Finding[]): string {
  const errors = findings.filter(({ level }) => level === "error").length;
  const warnings = findings.length - errors;
  const files = new Set(findings.flatMap(({ file }) => file ?? [])).size;
  const parts = [
    ...(errors > 0 ? [countOf(errors, "error")] : []),
    ...(warnings > 0 ? [countOf(warnings, "warning")] : []),
  ];
  return `${parts.join(", ")}${files > 0 ? ` in ${countOf(files, "file")}` : ""}`;
}
