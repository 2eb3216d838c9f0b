import { tableSubject } from "../../../catalog/facts.js";
import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState } from "../schema-state.js";
import type { SqlRule } from "../sql-rule.js";
import { listedName, partsOf, relationName } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** A rule rewrites statements, and reaches what it names with its table owner's rights. */
export const ruleCreated: SqlRule = {
  id: "rule-created",
  threats: [53],
  check: (context) => trackActs(context, readRules),
};

function readRules({ node }: ParsedStatement, state: SchemaState): ActChange[] {
  if ("RuleStmt" in node) {
    const { relation, rulename = "" } = node.RuleStmt;
    const { schema, name } = relationName(relation, state);
    const subject = tableSubject(schema, name);
    const detail = `rule ${rulename} reaches other tables with the rights of the owner of ${subject}`;
    const fix = "Use a trigger, which runs with the rights of whoever changes the row.";
    return [{ key: JSON.stringify([schema, name, rulename]), act: { level: "error", subject, detail, fix } }];
  }
  if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_RULE") return [];
  return (node.DropStmt.objects ?? []).map((object) => {
    const parts = partsOf(object);
    const { schema, name } = listedName(parts.slice(0, -1), state);
    return { key: JSON.stringify([schema, name, parts.at(-1)]), act: undefined };
  });
}
