import { tableSubject } from "../../catalog/facts.js";
import type { Expected } from "../../isolation/expected.js";
import type { Exception } from "./report.js";

/** Everything that the schema allows with a reason, in the order of the tables. */
export function listExceptions({ tables, doors }: Expected): Exception[] {
  const ofTables = tables.flatMap(({ schema, name, declaration }): Exception[] => {
    if (declaration === undefined) return [];
    const table = tableSubject(schema, name);
    const isGlobal = declaration.kind === "global";
    const whole: Exception = {
      kind: "global table",
      table,
      subject: table,
      rule: undefined,
      reason: declaration.reason ?? "",
    };
    return [
      ...(isGlobal ? [whole] : []),
      ...declaration.exceptions.map(
        ({ rule, subject, reason }): Exception => ({ kind: kindOf(rule), table, subject, rule, reason }),
      ),
    ];
  });
  const ofDoors = doors.map(
    ({ schema, table, name, reason }): Exception => ({
      kind: "door",
      table: tableSubject(schema, table),
      subject: name,
      rule: undefined,
      reason,
    }),
  );
  return [...ofTables, ...ofDoors].sort((one, other) =>
    `${one.table} ${one.subject}` < `${other.table} ${other.subject}` ? -1 : 1,
  );
}

function kindOf(rule: string): Exception["kind"] {
  if (rule === "key-not-tenant-leading") return "key for all tenants";
  return rule.startsWith("policy-") ? "wider policy" : "other exception";
}
