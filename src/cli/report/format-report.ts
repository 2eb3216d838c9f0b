import { countOf } from "../../core/count-of.js";
import { summarizeFindings } from "../format-findings/text.js";
import { wrapText } from "../wrap-text.js";
import { countAttacks } from "./judge-report.js";
import type { Report } from "./report.js";
import { listUnread } from "./report.js";

/** A report in a few lines, for a terminal. */
export function formatReport(report: Report): string {
  const { verdict, tables, attacks, migrations, findings, exceptions, roles, server } = report;
  const open = tables.filter(({ verdict: each }) => each === "not isolated" || each === "missing").length;
  const facts: readonly (readonly [string, string])[] = [
    ["database", `${server.database} on ${server.host}:${server.port}, ${report.environment}`],
    [
      "tables",
      `${countOf(tables.length, "table")}, ${open === 0 ? "none open" : `${open} not isolated or missing`}`,
    ],
    ["attacks", attacks.read ? describeAttacks(report) : "not read"],
    [
      "migrations",
      migrations.read ? `${migrations.applied} applied, ${migrations.pending.length} pending` : "not read",
    ],
    ["findings", findings.length === 0 ? "none" : summarizeFindings(findings)],
    ["exceptions", countOf(exceptions.length, "exception")],
    [
      "crossing",
      `${countOf(roles.filter(({ crosses }) => crosses === "yes").length, "role")} may see several tenants`,
    ],
    ...listUnread(report).map(({ part, reason }) => ["not read", `${part}: ${reason}`] as const),
  ];
  return [
    ...wrapText(verdict.sentence, 0),
    "",
    ...facts.flatMap(([name, value]) =>
      wrapText(value, 13).map((line, index) => `${(index === 0 ? name : "").padEnd(13)}${line}`),
    ),
  ].join("\n");
}

function describeAttacks({ attacks }: Report): string {
  if (!attacks.read) return "";
  const { held, failed, open } = countAttacks(attacks);
  return `${held} held, ${failed} did not, ${open} could not be tried; on ${attacks.on === "shadow" ? "a shadow" : "the database itself"}`;
}
