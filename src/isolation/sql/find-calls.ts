import type { SqlContext, SqlFinding } from "./sql-rule.js";
import { placeOf } from "./sql-rule.js";
import { calledNames, runsQuery } from "./system-names.js";

/** The functions that migrations call now and whose name matches; `pg_catalog` may be written before it. */
export function findCalls(
  { units }: SqlContext,
  pattern: RegExp,
  about: Pick<SqlFinding, "level" | "detail" | "fix">,
): SqlFinding[] {
  return units
    .flatMap(({ statements }) => statements)
    .filter(({ node }) => runsQuery(node))
    .flatMap((statement) =>
      [...new Set(calledNames(statement.node))]
        .filter((name) => pattern.test(name.replace(/^pg_catalog\./, "")))
        .map((subject) => ({ ...about, subject, ...placeOf(statement) })),
    );
}
