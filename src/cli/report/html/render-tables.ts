import { countOf } from "../../../core/count-of.js";
import type { Report, ReportTable } from "../report.js";
import type { Content, Markup } from "./markup.js";
import type { Tone } from "./parts.js";
import { badge, name, section, table } from "./parts.js";
import { renderDiagram } from "./render-diagram.js";

const TONES: Readonly<Record<ReportTable["verdict"], Tone>> = {
  isolated: "good",
  shared: "quiet",
  missing: "warn",
  "not isolated": "bad",
};

const KINDS: Readonly<Record<ReportTable["kind"], string>> = {
  tenant: "tenant",
  root: "tenant root",
  global: "global",
  "not declared": "not declared",
};

/** The diagram, and the same as a table. */
export function renderTables(report: Report): Markup {
  const { tables, references } = report;
  const rows = tables.map((each): Content[] => {
    const to = new Set(references.filter(({ from }) => from === each.table).map((one) => one.to));
    return [
      name(each.table),
      badge(TONES[each.verdict], each.verdict),
      [KINDS[each.kind], each.partitions === 0 ? "" : `, ${countOf(each.partitions, "partition")}`],
      each.rowSecurity ? (each.forced ? "forced" : "on, not forced") : "off",
      each.policies,
      each.kind === "global" ? "–" : each.tenantLeadingKey ? "yes" : "no",
      each.findings,
      to.size === 0 ? "–" : [...to].map((target, index) => [index > 0 ? ", " : "", name(target)]),
    ];
  });
  return section("tables", "Tables", [
    renderDiagram(tables, references),
    table(
      `Each table with its row security: ${tables.length} in all, the worst first`,
      [
        "Table",
        "Verdict",
        "Declared as",
        "Row security",
        { text: "Policies", holds: "number" },
        "Tenant first in key",
        { text: "Findings", holds: "number" },
        { text: "Refers to", holds: "names" },
      ],
      rows,
    ),
  ]);
}
