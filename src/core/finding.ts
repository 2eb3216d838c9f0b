/** How bad a finding is: an error stops a migration, a warning is told. */
export type Level = "error" | "warning";

/** One thing that a check found. Every layer of the proof chain speaks in these. */
export type Finding = {
  /** The rule's id in kebab-case, a heading in `docs/rules.md`. */
  readonly rule: string;
  readonly level: Level;
  /** The table, role, function or file that it is about. */
  readonly subject: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based, in characters. */
  readonly column?: number;
  readonly detail: string;
  /** What to write or run to close it. */
  readonly fix: string;
};

/**
 * A finding as text, two lines: what and where, then the fix.
 *
 * @example
 * formatFinding({ rule: "rls-not-forced", level: "error", subject: "documents", detail: "…", fix: "…" });
 * // error[rls-not-forced] documents: …
 * //   fix: …
 */
export function formatFinding(finding: Finding): string {
  const place =
    finding.file === undefined
      ? ""
      : ` (${[finding.file, finding.line, finding.column].filter(isGiven).join(":")})`;
  return `${finding.level}[${finding.rule}] ${finding.subject}${place}: ${finding.detail}\n  fix: ${finding.fix}`;
}

function isGiven(part: unknown): boolean {
  return part !== undefined;
}

/** True if at least one finding is an error. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.level === "error");
}
