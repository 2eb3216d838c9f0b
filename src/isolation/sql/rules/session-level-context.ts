import { readSettings } from "../set-settings.js";
import type { SqlRule } from "../sql-rule.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** A context that outlives its transaction belongs to whoever gets the connection next. */
export const sessionLevelContext: SqlRule = {
  id: "session-level-context",
  threats: [25, 27],
  check: (context) => {
    const { setting, actorSetting, requestIdSetting, ipSetting } = context.expected.settings;
    const ours = new Set(
      [setting, actorSetting, requestIdSetting, ipSetting].map((name) => name.toLowerCase()),
    );
    return trackActs(context, ({ node }) =>
      readSettings(node).flatMap(({ name, value, scope }): ActChange[] => {
        if (name === "*" && scope === "session")
          return [...ours].map((setting) => ({ key: `session ${setting}`, act: undefined }));
        if (!ours.has(name) || scope !== "session") return [];
        const key = `session ${name}`;
        if ("VariableSetStmt" in node && value === "") return [{ key, act: undefined }];
        const detail = `${name} is set for the session, and stays for whoever uses the connection next`;
        const fix = `Write set local ${name} = …, inside the transaction that needs it.`;
        return [{ key, act: { level: "error", subject: name, detail, fix } }];
      }),
    );
  },
};
