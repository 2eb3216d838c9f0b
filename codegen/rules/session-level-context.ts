import type { CodeRule } from "../code-rule.js";
import { at } from "../code-rule.js";
import { writesContext } from "../context-settings.js";
import { findTexts } from "../sql-texts.js";

/** The context set for a whole session stays on the pooled connection, and the next tenant gets it. */
export const sessionLevelContext: CodeRule = {
  id: "session-level-context",
  threats: [25, 32],
  check: ({ services, settings }) =>
    services.flatMap(({ file, placeOf }) =>
      findTexts(file)
        .filter(({ text }) => writesContext(text, settings) === "session")
        .map(({ node }) => {
          const place = placeOf(node);
          return {
            level: "error" as const,
            subject: place.file,
            ...at(place),
            detail: `this sets ${settings.setting} for the whole session: it stays on the pooled connection and meets the next tenant`,
            fix: "Use the client: as(id).transaction(async (tx) => …), which sets it for the transaction alone.",
          };
        }),
    ),
};
