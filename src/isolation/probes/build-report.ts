import type { Finding } from "../../core/finding.js";
import type { Outcome } from "./outcome.js";
import type { Probe } from "./probe.js";
import type { NotProbed, ProbeReport, ProbeResult } from "./probe-report.js";

type Described = Pick<Probe, "id" | "title" | "fix">;

/** Puts results and what could not be tried into one report. */
export function buildReport(
  probes: readonly Described[],
  results: readonly ProbeResult[],
  notProbed: readonly NotProbed[],
  more: Pick<ProbeReport, "freshConnection" | "milliseconds">,
): ProbeReport {
  const findings = [
    ...results.flatMap((result) => findingOf(probes, result)),
    ...notProbed.map(
      ({ subject, reason, fix }): Finding => ({
        rule: "probe-not-possible",
        level: "warning",
        subject,
        detail: `not probed: ${reason}`,
        fix,
      }),
    ),
  ];
  const matrix: Record<string, Record<string, Outcome["result"]>> = {};
  for (const { subject, probe, outcome } of results) {
    const row = matrix[subject] ?? {};
    row[probe] = outcome.result;
    matrix[subject] = row;
  }
  return { clean: findings.length === 0, results, notProbed, findings, matrix, ...more };
}

function findingOf(probes: readonly Described[], { probe: id, subject, outcome }: ProbeResult): Finding[] {
  const probe = probes.find((each) => each.id === id);
  const title = probe?.title ?? id;
  const fix = probe?.fix ?? "";
  const error = (rule: string, detail: string, how: string): Finding[] => [
    { rule, level: "error", subject, detail, fix: how },
  ];
  switch (outcome.result) {
    case "leaked":
      return error(id, `${title}: ${outcome.evidence}`, fix);
    case "outage":
      return error("probe-outage", `the service cannot use its own rows: ${outcome.evidence}`, fix);
    case "error":
      return error(
        "probe-failed",
        `${id} ended in a way that proves nothing: ${outcome.reason}`,
        "Find out why the server answers so; until then the table counts as not proven.",
      );
    case "not possible":
      if (outcome.isToldElsewhere === true) return [];
      return [
        {
          rule: "probe-not-possible",
          level: "warning",
          subject,
          detail: `${id} could not be tried: ${outcome.reason}`,
          fix: "If a row is wanting, give one in drizzle.config.ts: defineTenancy({ probes: { rows } }).",
        },
      ];
    default:
      return [];
  }
}
