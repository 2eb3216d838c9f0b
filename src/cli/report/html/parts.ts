import type { Content, Markup } from "./markup.js";
import { html } from "./markup.js";

/** A name of the project or the server: set apart, so that its writing direction stays its own. */
export function name(text: string): Markup {
  return html`<bdi class="name">${text}</bdi>`;
}

/** A moment in UTC, to the second. */
export function moment(date: Date): Markup {
  const iso = date.toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}

/** A word with a colour and a sign of its own. */
export function badge(tone: Tone, text: string): Markup {
  return html`<span class="badge ${tone}"><span aria-hidden="true">${SIGNS[tone]}</span> ${text}</span>`;
}

/** What a colour says; never said by the colour alone. */
export type Tone = "good" | "bad" | "warn" | "info" | "quiet";

const SIGNS: Readonly<Record<Tone, string>> = { good: "✓", bad: "✕", warn: "!", info: "i", quiet: "–" };

/** One section of the page. */
export function section(id: string, title: string, body: Content): Markup {
  return html`
<section id="${id}" aria-labelledby="${id}-title" tabindex="-1">
<h2 id="${id}-title">${title}</h2>
${body}
</section>`;
}

/** What stands in place of a part that could not be read. */
export function unread(what: string, reason: string): Markup {
  return html`<p class="notice warn"><strong>${badge("warn", "Not read")} ${what}</strong> <bdi>${reason}</bdi></p>`;
}

/** A sentence where there is nothing to list. */
export function nothing(sentence: string): Markup {
  return html`<p class="nothing">${sentence}</p>`;
}

/** A column's heading, and whether its values are numbers, names, or sentences that need room. */
export type Heading = string | { readonly text: string; readonly holds: "number" | "wide" | "names" };

/** A table in a box of its own that scrolls, also by the keyboard; each row begins with its heading. */
export function table(
  caption: string,
  headings: readonly Heading[],
  rows: readonly (readonly Content[])[],
): Markup {
  const columns = headings.map((each) =>
    typeof each === "object" ? each : { text: each, holds: undefined },
  );
  const classOf = (index: number) => {
    const holds = columns[index]?.holds;
    return holds === undefined ? undefined : html` class="${holds}"`;
  };
  return html`
<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ text }, index) => html`<th scope="col"${classOf(index)}>${text}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([heading, ...cells]) =>
    html`<tr><th scope="row">${heading}</th>${cells.map((cell, index) => html`<td${classOf(index + 1)}>${cell}</td>`)}</tr>\n`,
)}</tbody>
</table>
</div>`;
}
