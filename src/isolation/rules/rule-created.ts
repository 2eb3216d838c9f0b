import { tableSubject } from "../../catalog/facts.js";
import type { CatalogRule } from "../rule.js";

/** A rule rewrites statements, and reaches what it names with its table owner's rights. */
export const ruleCreated: CatalogRule = {
  id: "rule-created",
  threats: [53],
  check: ({ catalog, expected }) => {
    const managed = new Set(expected.tables.map(({ schema }) => schema));
    return catalog.around.rules
      .filter(({ schema }) => managed.has(schema))
      .map(({ schema, name, rule }) => ({
        level: "error",
        subject: tableSubject(schema, name),
        about: rule,
        detail: `rule ${rule} reaches other tables with the rights of the owner of ${tableSubject(schema, name)}`,
        fix: "Use a trigger, which runs with the rights of whoever changes the row.",
      }));
  },
};
