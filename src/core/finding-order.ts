import type { Finding } from "./finding.js";

/** Findings in the order of their places, each once: what has no place comes first. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const unique = new Map(findings.map((finding) => [identityOf(finding), finding]));
  return [...unique.values()].sort(
    (one, other) =>
      compare(one.file ?? "", other.file ?? "") ||
      (one.line ?? 0) - (other.line ?? 0) ||
      (one.column ?? 0) - (other.column ?? 0) ||
      compare(one.rule, other.rule) ||
      compare(one.subject, other.subject),
  );
}

function identityOf({ rule, subject, file, line, column, detail }: Finding): string {
  return JSON.stringify([rule, subject, file, line, column, detail]);
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
