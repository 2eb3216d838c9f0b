import { createHash } from "node:crypto";
import type { Report } from "../report.js";
import type { Content } from "./markup.js";
import { html } from "./markup.js";
import { renderAttacks } from "./render-attacks.js";
import { renderExceptions } from "./render-exceptions.js";
import { renderDrift, renderFindings } from "./render-findings.js";
import { renderHead } from "./render-head.js";
import { renderMigrations } from "./render-migrations.js";
import { renderRoles } from "./render-roles.js";
import { renderTables } from "./render-tables.js";
import { REPORT_MARK } from "./report-mark.js";
import { STYLE } from "./style.js";

/** The page may load nothing and run nothing; its one style sheet is known by its digest. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * A report as one HTML page that needs nothing beside itself.
 *
 * @example await writeFile("report.html", renderReport(report));
 */
export function renderReport(report: Report): string {
  const { project, server, verdict, version, madeAt } = report;
  const title = `${verdict.state}: ${project}, ${server.database}`;
  const page = html`
<title>${title}</title>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="layout">
${renderHead(report)}
<nav aria-label="Sections"><ul>
${contents(report).map(
  ([id, text, number]) =>
    html`<li><a href="#${id}">${text}</a>${number === undefined ? "" : html` <span class="count">${number}</span>`}</li>\n`,
)}</ul></nav>
<main id="content" tabindex="-1">
${[renderTables, renderAttacks, renderFindings, renderDrift, renderMigrations, renderExceptions, renderRoles].map((render) => render(report))}
</main>
<footer><p>Made by tenantry ${version} at ${madeAt.toISOString()}. Times are UTC. A report says what was so when it was made.</p></footer>
</div>
</body>
</html>
`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    REPORT_MARK,
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="color-scheme" content="light dark">',
    `<style>${STYLE}</style>`,
    page.toString().trimStart(),
  ].join("\n");
}

function contents(report: Report): (readonly [id: string, text: string, number: Content])[] {
  const drift = report.findings.filter(({ rule }) => rule === "drift").length;
  return [
    ["tables", "Tables", report.tables.length],
    ["attacks", "Attacks", report.attacks.read ? report.attacks.probes.length : "not read"],
    ["findings", "Findings", report.findings.length - drift],
    ["drift", "Drift", report.drift.read ? drift : "not read"],
    ["migrations", "Migrations", report.migrations.read ? report.migrations.applied : "not read"],
    ["exceptions", "Exceptions", report.exceptions.length],
    ["roles", "Roles and doors", undefined],
  ];
}
