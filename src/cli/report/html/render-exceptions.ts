import type { Report } from "../report.js";
import type { Markup } from "./markup.js";
import { html } from "./markup.js";
import { name, nothing, section, table } from "./parts.js";

/** What the schema allows with a reason. */
export function renderExceptions({ exceptions }: Report): Markup {
  if (exceptions.length === 0)
    return section(
      "exceptions",
      "Exceptions",
      nothing("The schema declares none: every table is a tenant's."),
    );
  return section("exceptions", "Exceptions", [
    html`<p>A rule would refuse these. The schema declares them, with the reason that stands here.</p>`,
    table(
      "Declared exceptions",
      ["What", "Kind", "Table", { text: "Reason", holds: "wide" }, "Rule"],
      exceptions.map(({ kind, table: of, subject, rule, reason }) => [
        name(subject),
        kind,
        name(of),
        html`<bdi>${reason}</bdi>`,
        rule === undefined ? "–" : html`<code>${rule}</code>`,
      ]),
    ),
  ]);
}
