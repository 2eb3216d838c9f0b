import { countOf } from "../../core/count-of.js";
import { formatFindingsText } from "../format-findings/text.js";
import type { CheckReport, ShownException } from "./run-check.js";

/** A report for people: findings, their number, what was looked at, and the declared exceptions. */
export function formatReport(report: CheckReport, accepted: number): string {
  const { findings, exceptions, checked } = report;
  const looked = `${countOf(checked.tables, "table")}, ${countOf(checked.migrations, "migration")}, ${countOf(checked.statements, "statement")}`;
  const summary = findings.length === 0 ? `No findings: checked ${looked}.` : `Checked ${looked}.`;
  return [
    formatFindingsText(findings),
    accepted > 0 ? `${summary} ${countOf(accepted, "finding")} accepted by the baseline.` : summary,
    formatExceptions(exceptions),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function formatExceptions(exceptions: readonly ShownException[]): string {
  if (exceptions.length === 0) return "";
  const lines = exceptions.map(({ table, rule, subject, reason }) =>
    rule === "global"
      ? `  ${table}: shared by all tenants: ${reason}`
      : `  ${table}: ${rule} for ${subject}: ${reason}`,
  );
  return [`${countOf(exceptions.length, "declared exception")}:`, ...lines].join("\n");
}
