import type { Finding } from "../../core/finding.js";
import { applySuppressions } from "../../core/suppressions.js";
import type { MigrationText, ParsedStatement } from "../../isolation/sql/parse-migration.js";
import { checkWithSquawk } from "../../isolation/sql/squawk.js";
import { readOutside } from "../statements/outside-statement.js";

/** squawk takes it for granted that everything is in a transaction; the runner knows better. */
const IN_TRANSACTION = "squawk-ban-concurrent-index-creation-in-transaction";

/** What squawk says of migrations, by the statement that it is about; suppressed findings are left out. */
export async function adviseStatements(
  migrations: readonly (MigrationText & { readonly statements: readonly ParsedStatement[] })[],
): Promise<{ readonly findings: ReadonlyMap<ParsedStatement, Finding[]>; readonly warnings: string[] }> {
  const result = await checkWithSquawk(migrations.map((migration) => ({ ...migration, isNew: true })));
  const findings = new Map<ParsedStatement, Finding[]>();
  if (result.status !== "checked") return { findings, warnings: [result.reason] };
  const texts = migrations.map(({ file, sql }) => ({ file, text: sql }));
  const kept = applySuppressions(result.findings, texts).filter(({ rule }) => rule.startsWith("squawk-"));
  for (const finding of kept) {
    const statement = migrations
      .find(({ file }) => file === finding.file)
      ?.statements.findLast((one) => isAtOrBefore(one, finding));
    if (statement === undefined) continue;
    if (finding.rule === IN_TRANSACTION && readOutside(statement.node) !== undefined) continue;
    findings.set(statement, [...(findings.get(statement) ?? []), finding]);
  }
  return { findings, warnings: [] };
}

function isAtOrBefore(statement: ParsedStatement, { line = 1, column = 1 }: Finding): boolean {
  return statement.line < line || (statement.line === line && statement.column <= column);
}
