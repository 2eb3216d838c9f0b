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
    ...(errors > 0 ? [count(errors, "error")] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
  ];
  return `${parts.join(", ")}${files > 0 ? ` in ${count(files, "file")}` : ""}`;
}

/** A number and its noun. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
