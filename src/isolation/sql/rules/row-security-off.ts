import { readSettings } from "../set-settings.js";
import type { SqlRule } from "../sql-rule.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** With row_security off, whoever the policies bind gets errors, and whoever they do not bind gets every row. */
export const rowSecurityOff: SqlRule = {
  id: "row-security-off",
  threats: [36, 76],
  check: (context) =>
    trackActs(context, ({ node }) =>
      readSettings(node).flatMap(({ name, value, scope }): ActChange[] => {
        if (name === "*" && scope === "session") return [{ key: "session row_security", act: undefined }];
        if (name !== "row_security" || scope !== "session") return [];
        const key = `session ${name}`;
        if (!["off", "false", "0", "no"].includes(value.toLowerCase())) return [{ key, act: undefined }];
        const detail = "row_security is off for the session: queries that a policy binds fail from then on";
        const fix =
          "Write set local row_security = off in the transaction that needs it; the runner does so by itself.";
        return [{ key, act: { level: "warning", subject: name, detail, fix } }];
      }),
    ),
};
