import { countOf } from "../../../core/count-of.js";
import type { Report, ReportRole } from "../report.js";
import type { Markup } from "./markup.js";
import { html } from "./markup.js";
import type { Tone } from "./parts.js";
import { badge, name, nothing, section, table } from "./parts.js";

const CROSSES: Readonly<Record<ReportRole["crosses"], Tone>> = {
  yes: "warn",
  "through doors": "info",
  no: "good",
};

/** Who may see rows of more than one tenant, and by which doors. */
export function renderRoles({ roles, otherRoles, doors }: Report): Markup {
  return section("roles", "Roles and doors", [
    html`<p>Who may see rows of more than one tenant.</p>`,
    table(
      "Roles of the server, and whether they cross tenants",
      ["Role", "Crosses tenants", "Is", "Logs in", { text: "Why", holds: "wide" }],
      roles.map(({ name: role, is, login, crosses, why }) => [
        name(role),
        badge(CROSSES[crosses], crosses),
        is.length === 0 ? "–" : is.join(", "),
        login ? "yes" : "no",
        html`<bdi>${why.join("; ")}</bdi>`,
      ]),
    ),
    otherRoles === 0
      ? undefined
      : html`<p class="soft">${countOf(otherRoles, "further role")} of the server: no service, and no way to other tenants' rows.</p>`,
    html`<h3>Doors</h3>`,
    doors.length === 0
      ? nothing("The schema declares no door.")
      : table(
          "Look-ups before the tenant is known: functions that find one row at most, by equality",
          [
            "Door",
            "In the database",
            "Finds in",
            "By",
            { text: "Tells", holds: "wide" },
            "For",
            { text: "Reason", holds: "wide" },
          ],
          doors.map((door) => [
            name(door.name),
            door.exists ? badge("good", "there") : badge("warn", "missing"),
            name(door.table),
            names(door.by),
            door.returns.length === 0 ? "whether there is one" : names(door.returns),
            name(door.to),
            html`<bdi>${door.reason}</bdi>`,
          ]),
        ),
  ]);
}

function names(all: readonly string[]) {
  return all.map((each, index) => [index > 0 ? ", " : "", name(each)]);
}
