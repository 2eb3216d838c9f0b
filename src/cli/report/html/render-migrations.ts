import { countOf } from "../../../core/count-of.js";
import { formatDuration } from "../../format-moment.js";
import { tookOf } from "../../history/format-history.js";
import type { Report, Timeline } from "../report.js";
import type { Content, Markup } from "./markup.js";
import { html } from "./markup.js";
import type { Tone } from "./parts.js";
import { badge, moment, name, nothing, section, table, unread } from "./parts.js";

type Run = Timeline["runs"][number];

const TONES: Readonly<Record<string, Tone>> = {
  applied: "good",
  nothing: "quiet",
  running: "info",
  failed: "bad",
  died: "bad",
  refused: "warn",
  interrupted: "warn",
};

/** A column of the bars, in pixels. */
const BAR = 120;

/** What is applied and pending, and the run log. */
export function renderMigrations({ migrations, timeline }: Report): Markup {
  return section("migrations", "Migrations", [
    migrations.read ? renderState(migrations) : unread("the migrations.", migrations.reason),
    html`<h3>Runs</h3>`,
    timeline.read ? renderTimeline(timeline) : unread("the run log.", timeline.reason),
  ]);
}

function renderState(state: Extract<Report["migrations"], { read: true }>): Content {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ["Pending", state.pending],
    ["Pending, and older than what was applied", state.late],
    ["Edited since they were applied", state.edited],
    ["Applied, and not in the folder", state.missing],
    ["Recorded, and could be several of the folder", state.ambiguous],
    ["Recorded more than once", state.duplicates],
    ...(state.heads.length > 1 ? [["Branches that were not joined", state.heads] as const] : []),
  ];
  return [
    html`<p>${countOf(state.applied, "migration")} applied, ${state.pending.length} pending.</p>`,
    lists
      .filter(([, names]) => names.length > 0)
      .map(
        ([title, names]) =>
          html`<p><strong>${title}:</strong> ${names.map((each, index) => [index > 0 ? ", " : "", name(each)])}</p>`,
      ),
  ];
}

function renderTimeline({ hasLog, runs, older, others }: Timeline): Content {
  const longest = Math.max(
    1,
    ...runs.flatMap(({ migrations }) => migrations.map((each) => each.milliseconds)),
  );
  return [
    !hasLog
      ? nothing("There is no run log yet: the first tenantry migrate begins it.")
      : runs.length === 0
        ? nothing("The run log is empty.")
        : html`<p class="soft">The newest first. A bar is the time of a migration beside that of the longest one here, ${formatDuration(longest)}; the part at its end was spent waiting for locks.</p>
<ol class="runs">${runs.map((run) => renderRun(run, longest))}</ol>`,
    older === 0
      ? undefined
      : html`<p class="soft">${countOf(older, "older run")} not shown: tenantry report --runs ${runs.length + older}</p>`,
    others.length === 0
      ? undefined
      : [
          html`<h3>In the ledger alone</h3>`,
          table(
            "Applied by another tool, or before there was a log",
            ["Migration", "Applied"],
            others.map(({ name: migration, hash, appliedAt }) => [
              migration === "" ? html`without a name, hash ${name(hash.slice(0, 12))}` : name(migration),
              appliedAt === null ? "not recorded" : moment(appliedAt),
            ]),
          ),
        ],
  ];
}

function renderRun({ run, migrations }: Run, longest: number): Markup {
  const { id, command, outcome, startedAt, environment, role, host, version, gitRevision } = run;
  const { lockWaitMs, retries, errorCode, error, accepted } = run;
  const ended = run.finishedAt === null ? "not ended" : `took ${tookOf(run)}`;
  const waited = `waited ${formatDuration(lockWaitMs)} for locks`;
  const tries = retries === 0 ? "" : `, retried ${countOf(retries, "time")}`;
  return html`
<li><h3>Run ${id}: ${name(command)} ${badge(TONES[outcome] ?? "quiet", outcome)}</h3>
<p class="soft">${moment(startedAt)}, ${ended}, ${waited}${tries}. By ${name(role)}${host === null ? "" : html` on ${name(host)}`}, environment ${name(environment ?? "not recorded")}, tenantry ${version}${gitRevision === null ? "" : html`, git ${name(gitRevision.slice(0, 12))}`}.</p>
${error === null ? "" : html`<p class="notice bad"><bdi>${error}</bdi> (${errorCode ?? "unknown"})</p>`}${accepted === null ? "" : html`<p><strong>Accepted although edited:</strong> <bdi>${JSON.stringify(accepted)}</bdi></p>`}
${migrations.length === 0 ? nothing("The log has no migration of it.") : renderMigrationsOf(id, migrations, longest)}</li>`;
}

function renderMigrationsOf(id: string, migrations: Run["migrations"], longest: number): Markup {
  return table(
    `Migrations of run ${id}`,
    [
      "Migration",
      "Outcome",
      "How",
      { text: "Attempts", holds: "number" },
      { text: "Waited for locks", holds: "number" },
      { text: "Took", holds: "number" },
      "Statements",
    ],
    migrations.map((each) => [
      name(each.name),
      badge(TONES[each.outcome] ?? "quiet", each.outcome),
      each.mode === "steps" ? "step by step" : "one transaction",
      each.attempts,
      formatDuration(each.lockWaitMs),
      [formatDuration(each.milliseconds), bar(each.milliseconds, each.lockWaitMs, longest)],
      html`<details><summary>${countOf(each.statements.length, "statement")}</summary><ul>${each.statements.map(({ line, milliseconds }) => html`<li>line ${line}: ${formatDuration(milliseconds)}</li>`)}</ul></details>`,
    ]),
  );
}

/** The numbers beside it say the same. */
function bar(milliseconds: number, waited: number, longest: number): Markup {
  const whole = Math.max(2, Math.round((milliseconds / longest) * BAR));
  const wait = Math.min(whole, Math.round((waited / longest) * BAR));
  return html`<svg class="bar" width="${BAR}" height="8" viewBox="0 0 ${BAR} 8" preserveAspectRatio="none" aria-hidden="true"><rect class="back" width="${BAR}" height="8" rx="2"/><rect class="work" width="${whole}" height="8" rx="2"/><rect class="wait" x="${whole - wait}" width="${wait}" height="8"/></svg>`;
}
