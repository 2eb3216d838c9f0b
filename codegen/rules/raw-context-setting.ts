import type { CodeRule } from "../code-rule.js";
import { at } from "../code-rule.js";
import { writesContext } from "../context-settings.js";
import { findTexts } from "../sql-texts.js";

/** The context set by hand: outside a transaction it does nothing, and nobody has parsed the id. */
export const rawContextSetting: CodeRule = {
  id: "raw-context-setting",
  threats: [26, 27],
  check: ({ services, settings }) =>
    services.flatMap(({ file, placeOf }) =>
      findTexts(file)
        .filter(({ text }) => writesContext(text, settings) === "transaction")
        .map(({ node }) => {
          const place = placeOf(node);
          return {
            level: "error" as const,
            subject: place.file,
            ...at(place),
            detail: `this sets ${settings.setting} by hand: outside a transaction it does nothing, and no one has checked the id`,
            fix: "Use the client: as(id).transaction(async (tx) => …).",
          };
        }),
    ),
};
