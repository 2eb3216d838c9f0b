import { ENGINE_TRIGGERS } from "../demands.js";
import { neededTriggers } from "../needed-triggers.js";
import { type CatalogRule, type RuleFinding, restored } from "../rule.js";

/** The completion's triggers write the audit log and the time of the last change; without them both are silent. */
export const triggerDisabled: CatalogRule = {
  id: "trigger-disabled",
  threats: [79, 85],
  check: ({ expected }, tables) =>
    tables.flatMap(({ subject, relation, declaration, expected: table }) =>
      neededTriggers(expected, { ...table, declaration }).flatMap((name): RuleFinding[] => {
        const trigger = relation.triggers.find((one) => one.name === name);
        if (trigger?.enabled === "O" || trigger?.enabled === "A") return [];
        const lost =
          name === ENGINE_TRIGGERS.audit ? "changes leave no audit row" : "updated_at stands still";
        const why = trigger === undefined ? "is missing" : "is disabled";
        return [
          {
            level: "error",
            subject,
            about: name,
            detail: `trigger ${name} ${why}: ${lost}`,
            fix: restored(),
          },
        ];
      }),
    ),
};
