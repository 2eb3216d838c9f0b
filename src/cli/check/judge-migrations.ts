import { createRequire } from "node:module";
import { z } from "zod";
import { codeOf } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import type { Expected } from "../../isolation/expected.js";
import type { MigrationToCheck } from "../../isolation/sql/check-sql.js";
import { digestData } from "../cache/digest-data.js";
import { identifyEngine, identifyPackage, identifyParser } from "../cache/engine-identity.js";
import { findingSchema } from "../cache/finding-schema.js";
import type { ResultCache } from "../cache/result-cache.js";

/** What there is to judge. */
export type JudgeRequest = {
  readonly expected: Expected;
  /** In the order in which they run. */
  readonly migrations: readonly MigrationToCheck[];
  readonly squawk: boolean;
};

const judged = z.object({
  findings: z.array(findingSchema),
  warnings: z.array(z.string()),
  statements: z.int().min(0),
});

/** What the rules over SQL and squawk found, how many statements there are, and why squawk found nothing. */
export type JudgedMigrations = z.output<typeof judged>;

/**
 * Judges the migrations by the rules over SQL, and the new ones by squawk. The answer depends on nothing but the request
 * and the code that judges, so that it is kept; what failed is not.
 *
 * @throws TenantryError `sql-invalid` for what does not parse.
 */
export async function judgeMigrations(request: JudgeRequest, cache: ResultCache): Promise<JudgedMigrations> {
  const name = `sql-${digestData([identifyEngine(), identifyParser(), identifySquawk(), request])}`;
  const known = await cache.read(name, judged);
  if (known !== undefined) return known;
  const { isWhole, ...answer } = await judgeAnew(request);
  if (isWhole) await cache.write(name, answer);
  return answer;
}

async function judgeAnew({ expected, migrations, squawk }: JudgeRequest) {
  const [{ checkSql }, { checkWithSquawk }] = await Promise.all([
    import("../../isolation/sql/check-sql.js"),
    import("../../isolation/sql/squawk.js"),
  ]);
  const sql = await checkSql(expected, migrations);
  const newSteps = sql.migrations.filter(({ isNew }) => isNew);
  const locks = squawk ? await checkWithSquawk(newSteps) : undefined;
  const findings: Finding[] = [...sql.findings, ...(locks?.status === "checked" ? locks.findings : [])];
  return {
    findings,
    warnings: locks === undefined || locks.status === "checked" ? [] : [locks.reason],
    statements: sql.migrations.reduce((sum, { statements }) => sum + statements.length, 0),
    isWhole: locks?.status !== "failed" && findings.every(({ rule }) => rule !== "rule-failed"),
  };
}

/** Its binary is in another package, which a platform may be without. */
function identifySquawk(): string {
  const name = process.platform === "win32" ? "squawk.exe" : "squawk";
  try {
    const manifest = createRequire(import.meta.url).resolve("squawk-cli/package.json");
    const binary = `@squawk-cli/${process.platform}-${process.arch}/bin/${name}`;
    const variables = Object.entries(process.env).filter(([variable]) => variable.startsWith("SQUAWK_"));
    return [
      identifyPackage(manifest),
      identifyPackage(createRequire(manifest).resolve(binary)),
      JSON.stringify(variables.sort()),
    ].join("\0");
  } catch (thrown) {
    if (codeOf(thrown) === "MODULE_NOT_FOUND") return "absent";
    throw thrown;
  }
}
