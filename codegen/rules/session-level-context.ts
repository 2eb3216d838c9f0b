import { writesContext } from "../context-settings.js";
import { serviceTextRule } from "./service-text-rule.js";

/** The context set for a whole session stays on the pooled connection, and the next tenant gets it. */
export const sessionLevelContext = serviceTextRule("session-level-context", [25, 32], ({ text }, settings) =>
  writesContext(text, settings) === "session"
    ? {
        level: "error",
        detail: `this sets ${settings.setting} for the whole session: it stays on the pooled connection and meets the next tenant`,
        fix: "Use the client: as(id).transaction(async (tx) => …), which sets it for the transaction alone.",
      }
    : undefined,
);
