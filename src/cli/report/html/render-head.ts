import { countOf } from "../../../core/count-of.js";
import { countAttacks } from "../judge-report.js";
import type { Report, Verdict } from "../report.js";
import { listUnread } from "../report.js";
import type { Content, Markup } from "./markup.js";
import { html } from "./markup.js";
import type { Tone } from "./parts.js";
import { badge, moment, name } from "./parts.js";

const STATES: Readonly<
  Record<Verdict["state"], { readonly tone: Tone; readonly sign: string; readonly title: string }>
> = {
  isolated: { tone: "good", sign: "✓", title: "Isolated" },
  "not isolated": { tone: "bad", sign: "✕", title: "Not isolated" },
  different: { tone: "warn", sign: "≠", title: "Not what the code demands" },
  "not proven": { tone: "warn", sign: "?", title: "Not proven" },
};

/** The verdict, the figures and the facts: what is on the first screen. */
export function renderHead(report: Report): Markup {
  const { tone, sign, title } = STATES[report.verdict.state];
  return html`
<header>
<p class="eyebrow">Isolation report</p>
<h1>${name(report.project)} on ${name(report.server.database)}</h1>
<div class="verdict ${tone}"><span class="sign" aria-hidden="true">${sign}</span><div><p class="state">${title}</p><p><bdi>${report.verdict.sentence}</bdi></p></div></div>
${renderUnread(report)}
<ul class="tiles">
${figures(report).map(
  ({ id, figure, label }) =>
    html`<li><a href="#${id}"><span class="figure">${figure}</span> <span class="label">${label}</span></a></li>\n`,
)}</ul>
<dl class="facts">
${facts(report).map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>\n`)}</dl>
</header>`;
}

/** Told at the top: a reader must not take a part that is missing for one that is in order. */
function renderUnread(report: Report): Content {
  const unread = listUnread(report);
  const told = [
    ...unread.map(
      ({ part, reason }) => html`<li><strong>${part}</strong> could not be read: <bdi>${reason}</bdi></li>\n`,
    ),
    ...report.warnings.map((warning) => html`<li><bdi>${warning}</bdi></li>\n`),
  ];
  if (told.length === 0) return undefined;
  return html`<div class="notice warn"><strong>${badge("warn", unread.length > 0 ? "Not everything was read" : "To be considered")}</strong><ul>
${told}</ul></div>`;
}

type Figure = { readonly id: string; readonly figure: string; readonly label: string };

function figures(report: Report): Figure[] {
  const { tables, attacks, findings, migrations, exceptions } = report;
  const good = tables.filter(({ verdict }) => verdict === "isolated" || verdict === "shared").length;
  const errors = findings.filter(({ level }) => level === "error").length;
  const counts = attacks.read ? countAttacks(attacks) : undefined;
  return [
    { id: "tables", figure: `${good} / ${tables.length}`, label: "tables as declared" },
    {
      id: "attacks",
      figure: counts === undefined ? "–" : `${counts.held} / ${counts.held + counts.failed + counts.open}`,
      label: counts === undefined ? "attacks: not read" : "attacks held",
    },
    {
      id: "findings",
      figure: String(errors),
      label: `${errors === 1 ? "error" : "errors"}, and ${countOf(findings.length - errors, "warning")}`,
    },
    {
      id: "migrations",
      figure: migrations.read ? String(migrations.pending.length) : "–",
      label: migrations.read ? "pending migrations" : "migrations: not read",
    },
    { id: "exceptions", figure: String(exceptions.length), label: "declared exceptions" },
  ];
}

function facts(report: Report): (readonly [string, Content])[] {
  const { server, environment, mark, version, git, madeAt, localTime } = report;
  const marked =
    mark.read && mark.environment !== undefined
      ? html`, marked ${name(mark.environment)}`
      : mark.read
        ? ", not marked"
        : ", mark not read";
  const powers = server.superuser ? ", superuser" : server.bypassesRowSecurity ? ", BYPASSRLS" : "";
  return [
    ["Made", html`${moment(madeAt)}<br><span class="soft">where it was made: ${localTime}</span>`],
    ["Database", name(server.database)],
    [
      "Server",
      html`PostgreSQL ${server.version}${server.embedded ? ", embedded" : ""}, ${name(`${server.host}:${server.port}`)}`,
    ],
    ["Role", html`${name(server.role)}${powers}`],
    ["Environment", html`${name(environment)}${marked}`],
    [
      "Project",
      git.read
        ? html`git ${name(git.revision.slice(0, 12))}${git.changed ? ", with changes that are not committed" : ""}`
        : "revision not read",
    ],
    ["Tool", `tenantry ${version}`],
  ];
}
