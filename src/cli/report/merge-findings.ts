import type { Finding } from "../../core/finding.js";
import { sortFindings } from "../../core/finding-order.js";
import type { FoundBy, ReportFinding } from "./report.js";

/** The findings of one source. */
export type FindingSource = { readonly by: FoundBy; readonly findings: readonly Finding[] };

/** Findings of several sources, each once with all that found it; errors first. */
export function mergeFindings(sources: readonly FindingSource[]): ReportFinding[] {
  const keyOf = ({ rule, level, subject, detail }: Finding) => JSON.stringify([rule, level, subject, detail]);
  const merged = new Map<string, ReportFinding>();
  for (const { by, findings } of sources) {
    for (const finding of findings) {
      const known = merged.get(keyOf(finding));
      const foundBy = [...new Set([...(known?.foundBy ?? []), by])];
      merged.set(keyOf(finding), { ...(known ?? finding), foundBy });
    }
  }
  const levels = ["error", "warning"];
  const order = new Map(sortFindings([...merged.values()]).map((finding, index) => [keyOf(finding), index]));
  return [...merged.values()].sort(
    (one, other) =>
      levels.indexOf(one.level) - levels.indexOf(other.level) ||
      (order.get(keyOf(one)) ?? 0) - (order.get(keyOf(other)) ?? 0),
  );
}
