import type { Finding } from "../../core/finding.js";
import type { Judgement } from "../../isolation/create-judge.js";

/** What a migration is judged by. */
export type BlameRequest = {
  /** Before the run. */
  readonly start: Judgement;
  /** Before this migration. */
  readonly before: Judgement;
  /** After it, in its own transaction. */
  readonly after: Judgement;
  /** The SQL of the migrations that this run will apply after it. */
  readonly later: readonly string[];
};

/**
 * The errors for which a migration is to be rolled back. After the run's last migration: all that were not there when
 * the run began. After an earlier one: those of tables that were sound before it, and those of tables that it made and of
 * which no later migration speaks, since old folders protect their tables long after they make them.
 */
export function findBlame({ start, before, after, later }: BlameRequest): Finding[] {
  const errors = after.findings.filter(isGrave);
  if (later.length === 0) return errors.filter((finding) => !isKnown(finding, start.findings));
  const unsound = new Set(before.findings.filter(isGrave).map(({ subject }) => subject));
  return errors
    .filter((finding) => !isKnown(finding, before.findings))
    .filter(({ subject }) =>
      before.relations.has(subject) || !after.relations.has(subject)
        ? !unsound.has(subject)
        : !later.some((sql) => sql.includes(nameOf(subject))),
    );
}

/** Nothing leaks from a table that is not there; code and migrations may be of two versions. */
function isGrave({ level, rule }: Finding): boolean {
  return level === "error" && rule !== "table-missing";
}

/** Rules of which one thing can have several findings at once, told apart by what their details name. */
const SEVERAL: ReadonlySet<string> = new Set([
  "default-privileges",
  "grant-too-wide",
  "key-not-tenant-leading",
  "policy-recursive",
  "policy-widens",
  "publication-without-filter",
  "role-too-strong",
  "rule-created",
  "trigger-disabled",
]);

/** True if a finding was there before, or more of the same: one privilege of three is no new finding. */
export function isKnown(finding: Finding, earlier: readonly Finding[]): boolean {
  const alike = earlier.filter(({ rule, subject }) => rule === finding.rule && subject === finding.subject);
  if (!SEVERAL.has(finding.rule)) return alike.length > 0;
  const words = wordsOf(finding.detail);
  return alike.some((one) => {
    const known = new Set(wordsOf(one.detail));
    return words.every((word) => known.has(word));
  });
}

function wordsOf(detail: string): string[] {
  return detail.split(/[\s,;:]+/).filter((word) => word !== "");
}

function nameOf(subject: string): string {
  return subject.split(".").at(-1) ?? subject;
}
