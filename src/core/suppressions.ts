import type { Finding } from "./finding.js";

/** A text that findings may be about. */
export type SourceText = {
  /** As the findings name it. */
  readonly file: string;
  readonly text: string;
};

/** `-- tenantry-ignore <rule> -- <reason>`, or with `//` in TypeScript; several rules with commas. */
const SUPPRESSION = /(?:^|[\s;{(,])(?:--|\/\/)[ \t]*tenantry-ignore\b[ \t]*([^\n]*)/;

/** Rules that nobody can suppress: they say that something could not be judged, or that a suppression is wrong. */
const NEVER: ReadonlySet<string> = new Set([
  "rule-failed",
  "suppression-unused",
  "suppression-without-reason",
]);

type Suppression = {
  readonly file: string;
  readonly line: number;
  readonly rules: readonly string[];
  readonly reason: string;
  /** The lines that it covers: its own, and the next that is no suppression. */
  readonly covers: readonly number[];
};

/**
 * Takes out the findings that the texts suppress, on their line or the line above, and adds one for each suppression that
 * has no reason or suppresses nothing. A finding that names a file and no line counts as one on line 1.
 */
export function applySuppressions(findings: readonly Finding[], sources: readonly SourceText[]): Finding[] {
  const all = sources.flatMap(readSuppressions);
  const used = new Set<string>();
  const kept = findings.filter((finding) => {
    if (NEVER.has(finding.rule)) return true;
    const matching = all.filter(
      ({ file, covers, rules, reason }) =>
        reason !== "" &&
        file === finding.file &&
        covers.includes(finding.line ?? 1) &&
        rules.includes(finding.rule),
    );
    for (const suppression of matching) used.add(keyOf(suppression, finding.rule));
    return matching.length === 0;
  });
  return [...kept, ...all.flatMap((suppression) => judge(suppression, used))];
}

function judge(suppression: Suppression, used: ReadonlySet<string>): Finding[] {
  const { file, line, rules, reason } = suppression;
  const about = { level: "error" as const, file, line, column: 1 };
  if (rules.length === 0 || reason === "") {
    return [
      {
        rule: "suppression-without-reason",
        ...about,
        subject: rules.join(", ") || "tenantry-ignore",
        detail:
          rules.length === 0
            ? "the suppression names no rule"
            : "the suppression gives no reason, so it counts for nothing",
        fix: "Write: tenantry-ignore <rule> -- <reason>",
      },
    ];
  }
  return rules
    .filter((rule) => !used.has(keyOf(suppression, rule)))
    .map((rule) => ({
      rule: "suppression-unused",
      ...about,
      level: "warning",
      subject: rule,
      detail: `nothing of ${rule} is found on this line or the next`,
      fix: "Delete the suppression: it would hide the next mistake of its kind.",
    }));
}

function keyOf({ file, line }: Suppression, rule: string): string {
  return JSON.stringify([file, line, rule]);
}

function readSuppressions({ file, text }: SourceText): Suppression[] {
  if (!text.includes("tenantry-ignore")) return [];
  const lines = text.split("\n");
  return lines.flatMap((content, index) => {
    const found = SUPPRESSION.exec(content);
    if (found === null) return [];
    const [names = "", ...reason] = (found[1] ?? "").replace(/\*\/\s*$/, "").split(/[ \t]+--(?:[ \t]+|$)/);
    const alone = isAlone(content);
    return [
      {
        file,
        line: index + 1,
        rules: names.split(/[\s,]+/).filter((name) => name !== ""),
        reason: reason.join(" -- ").trim(),
        covers: alone ? [nextLine(lines, index)] : [index + 1],
      },
    ];
  });
}

/** True if nothing else stands on the line. */
function isAlone(line: string): boolean {
  return /^\s*(--|\/\/)/.test(line);
}

/** Suppressions may stand one below the other, above the line that they are for. */
function nextLine(lines: readonly string[], index: number): number {
  let at = index + 1;
  while (at < lines.length && isAlone(lines[at] ?? "") && SUPPRESSION.test(lines[at] ?? "")) at += 1;
  return at + 1;
}
