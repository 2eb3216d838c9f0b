import { summarizeFindings } from "../../format-findings/text.js";
import type { FoundBy, Report, ReportFinding } from "../report.js";
import type { Content, Markup } from "./markup.js";
import { html } from "./markup.js";
import { badge, name, nothing, section, unread } from "./parts.js";

const SOURCES: Readonly<Record<FoundBy, string>> = {
  catalog: "the live catalog",
  comparison: "the comparison with the code",
  rows: "the rows",
  attacks: "an attack",
  rehearsal: "the rehearsal of the migrations on a shadow",
};

/** All findings but drift, with what closes each. */
export function renderFindings({ findings, rows }: Report): Markup {
  const shown = findings.filter(({ rule }) => rule !== "drift");
  return section("findings", "Findings", [
    rows.read ? undefined : unread("the rows.", rows.reason),
    shown.length === 0
      ? nothing("No rule found anything.")
      : [
          html`<p>${summarizeFindings(shown)}. Each rule is explained in docs/rules.md under its name.</p>`,
          list(shown),
        ],
  ]);
}

/** What the database and the code do not agree about. */
export function renderDrift({ findings, drift }: Report): Markup {
  const shown = findings.filter(({ rule }) => rule === "drift");
  const how = (comparedWith: "shadow" | "schema") =>
    comparedWith === "shadow"
      ? "Compared with a database that was built from the code on a shadow: tables, columns, keys, policies, grants, triggers and functions."
      : "Compared without a shadow: policies, grants, triggers and functions that the completion makes. Columns and indexes were not compared; SHADOW_DATABASE_URL would let them be.";
  return section("drift", "Drift", [
    drift.read
      ? html`<p>${how(drift.comparedWith)}</p>`
      : unread("the comparison with the code.", drift.reason),
    shown.length > 0
      ? list(shown)
      : drift.read
        ? nothing("The database is what the code demands.")
        : undefined,
  ]);
}

function list(findings: readonly ReportFinding[]): Content {
  return html`<ul class="findings">
${findings.map(one)}</ul>`;
}

function one(finding: ReportFinding): Markup {
  const { rule, level, subject, file, line, detail, fix, foundBy } = finding;
  const place =
    file === undefined ? "" : ` in ${[file, line].filter((part) => part !== undefined).join(":")}`;
  return html`<li><div class="what">${badge(level === "error" ? "bad" : "warn", level)} <code>${rule}</code> <strong>${name(subject)}</strong></div>
<div><bdi>${detail}</bdi>${place}</div>
<div class="fix"><b>Fix</b> <bdi>${fix}</bdi></div>
<div class="soft">Found by ${foundBy.map((by) => SOURCES[by]).join(" and ")}.</div></li>
`;
}
