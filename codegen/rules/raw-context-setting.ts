import { writesContext } from "../context-settings.js";
import { serviceTextRule } from "./service-text-rule.js";

/** The context set by hand: outside a transaction it does nothing, and nobody has parsed the id. */
export const rawContextSetting = serviceTextRule("raw-context-setting", [26, 27], ({ text }, settings) =>
  writesContext(text, settings) === "transaction"
    ? {
        level: "error",
        detail: `this sets ${settings.setting} by hand: outside a transaction it does nothing, and no one has checked the id`,
        fix: "Use the client: as(id).transaction(async (tx) => …).",
      }
    : undefined,
);
