import type { Finding } from "../src/core/finding.js";
import { at, subjectOf, tenantTables } from "./code-rule.js";
import { ACCEPTABLE_RULES } from "./code-rules.js";
import type { JudgedFinding } from "./judge-policies.js";
import type { SchemaModel } from "./schema-model.js";

/**
 * Takes out the findings that the schema declares as exceptions, and adds one for each exception that excepts nothing:
 * it would let the next mistake of its kind through in silence. Exceptions from the rules of other layers are theirs to
 * judge.
 */
export function acceptExceptions(model: SchemaModel, findings: readonly JudgedFinding[]): Finding[] {
  const used = new Set<unknown>();
  const kept = findings.flatMap(({ object, ...finding }): Finding[] => {
    const exception = object?.table.declaration?.exceptions.find(
      (each) => each.subject === object.name && accepts(each.rule, finding.rule),
    );
    if (exception === undefined) return [finding];
    used.add(exception);
    return [];
  });
  const unused = tenantTables(model).flatMap(({ table, exceptions }) =>
    exceptions
      .filter((exception) => exception.outsideDrizzle !== true)
      .filter((exception) => ACCEPTABLE_RULES.has(exception.rule) && !used.has(exception))
      .map(
        (exception): Finding => ({
          rule: "exception-unused",
          level: "warning",
          subject: subjectOf(table),
          ...at(table.declaredAt ?? table.place),
          detail: `the exception from ${exception.rule} for ${exception.subject} excepts nothing`,
          fix: "Delete it, or correct its subject.",
        }),
      ),
  );
  return [...kept, ...unused];
}

/** An exception from `policy-widens` accepts a policy, whatever it is that makes it wide. */
function accepts(excepted: string, rule: string): boolean {
  return excepted === rule || (excepted === "policy-widens" && rule.startsWith("policy-"));
}
