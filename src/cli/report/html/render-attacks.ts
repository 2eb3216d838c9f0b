import { formatDuration } from "../../format-moment.js";
import { MARKS } from "../../proof/format-matrix.js";
import type { Attacks, Report } from "../report.js";
import type { Content, Markup } from "./markup.js";
import { html } from "./markup.js";
import { name, nothing, section, unread } from "./parts.js";

type Result = Attacks["matrix"][string][string];

/** A class and a sign for each result. */
const CELLS: Readonly<Record<Result, readonly [style: string, sign: string]>> = {
  leaked: ["l", "L"],
  outage: ["o", "O"],
  error: ["e", "!"],
  "not possible": ["q", "?"],
  held: ["h", "✓"],
  "not applicable": ["n", "·"],
};

/** The matrix of what was attacked and how, the worst rows first. */
export function renderAttacks({ attacks }: Report): Markup {
  return section(
    "attacks",
    "Attacks",
    attacks.read ? renderMatrix(attacks) : unread("the attacks.", attacks.reason),
  );
}

function renderMatrix(attacks: Attacks): Content {
  const { on, server, milliseconds, matrix, probes, notProbed } = attacks;
  const subjects = Object.keys(matrix).sort(
    (one, other) => gravity(matrix[one]) - gravity(matrix[other]) || (one < other ? -1 : 1),
  );
  const where =
    on === "shadow"
      ? `On a throw-away copy (PostgreSQL ${server}) of what the migrations make`
      : `On the database itself (PostgreSQL ${server}), in a transaction that was rolled back`;
  const used = new Set(Object.values(matrix).flatMap((row) => Object.values(row)));
  return [
    html`<p>Each attack was really run, as a service would run it, between made-up tenants. ${where}, in ${formatDuration(milliseconds)}.</p>`,
    html`<ul class="legend">${MARKS.filter(([result]) => used.has(result)).map(
      ([result, , meaning]) =>
        html`<li><span class="key ${CELLS[result][0]}" aria-hidden="true">${CELLS[result][1]}</span> ${meaning}</li>`,
    )}<li>empty: not an attack on things of this kind</li></ul>`,
    subjects.length === 0
      ? nothing("Nothing was attacked.")
      : html`
<div class="scroll" role="region" tabindex="0" aria-label="What was attacked, and how each attack ended">
<table class="matrix">
<caption>What was attacked, and how each attack ended</caption>
<thead><tr><th scope="col">Attacked</th>${probes.map(({ id, title }) => html`<th scope="col" title="${title}"><span class="down">${id}</span></th>`)}</tr></thead>
<tbody>
${subjects.map(
  (subject) =>
    html`<tr><th scope="row">${name(subject)}</th>${probes.map(({ id }) => cell(matrix[subject]?.[id]))}</tr>\n`,
)}</tbody>
</table>
</div>`,
    notProbed.length === 0
      ? undefined
      : html`<h3>Not attacked at all</h3><ul>${notProbed.map(({ subject, reason }) => html`<li>${name(subject)}: <bdi>${reason}</bdi></li>`)}</ul>`,
    html`<details><summary>What each attack tries</summary><dl class="facts">${probes.map(({ id, title }) => html`<div><dt><code>${id}</code></dt><dd>A service ${title}.</dd></div>`)}</dl></details>`,
  ];
}

function cell(result: Result | undefined): Markup {
  if (result === undefined) return html`<td></td>`;
  const [style, sign] = CELLS[result];
  return html`<td class="${style}" aria-label="${result}">${sign}</td>`;
}

/** The place of the worst result of a row among all. */
function gravity(row: Attacks["matrix"][string] | undefined): number {
  return Math.min(
    ...Object.values(row ?? {}).map((result) => MARKS.findIndex(([known]) => known === result)),
  );
}
