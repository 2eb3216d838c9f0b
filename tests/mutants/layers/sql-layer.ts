import type { Finding } from "../../../src/core/finding.js";
import { checkSql } from "../../../src/isolation/sql/check-sql.js";
import type { BaseProject } from "../projects.js";

/** What the rules over SQL find in the project's migrations and those that follow. */
export async function findInSql(
  project: BaseProject,
  further: readonly string[] = [],
): Promise<readonly Finding[]> {
  const added = further.map((sql, index) => ({ name: `mutant ${index}`, file: `mutant-${index}.sql`, sql }));
  const migrations = [...project.migrations, ...added].map(({ name, file, sql }) => ({
    name,
    file,
    sql,
    isNew: true,
  }));
  return (await checkSql(project.expected, migrations)).findings;
}
