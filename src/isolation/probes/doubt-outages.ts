import { UNPROVEN } from "./outcome.js";
import type { ProbeResult } from "./probe-report.js";

/** Where a tenant cannot use its own rows, no other attack on the table counts as held. */
export function doubtOutages(results: readonly ProbeResult[]): ProbeResult[] {
  const out = new Set(
    results.filter(({ outcome }) => outcome.result === "outage").map(({ subject }) => subject),
  );
  return results.map((result) =>
    out.has(result.subject) && result.outcome.result === "held" ? { ...result, outcome: UNPROVEN } : result,
  );
}
