import { readFile } from "node:fs/promises";
import { relative, sep } from "node:path";
import { TenantryError } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import { formatFinding } from "../../core/finding.js";
import { sortFindings } from "../../core/finding-order.js";
import { applySuppressions } from "../../core/suppressions.js";
import type { Expected } from "../../isolation/expected.js";
import { checkSql } from "../../isolation/sql/check-sql.js";
import type { Migration } from "../../migrate/folder/migration.js";
import type { Context } from "../context.js";
import type { Project } from "../project/project.js";

/** What is judged before anything runs. */
export type PreflightRequest = {
  readonly project: Project;
  readonly expected: Expected;
  readonly folder: readonly Pick<Migration, "name" | "file" | "sql">[];
  /** The names of those that are about to run; what others left is the live audit's to tell. */
  readonly pending: ReadonlySet<string>;
};

/**
 * The errors of the first two layers: of the code, and of the migrations that are about to run. Suppressions count as in
 * `tenantry check`.
 */
export async function findPreflight(context: Context, request: PreflightRequest): Promise<Finding[]> {
  const { project, expected, folder, pending } = request;
  const show = (path: string) => relative(project.directory, path).split(sep).join("/");
  const migrations = folder.map(({ name, file, sql }) => ({
    name,
    file: show(file),
    sql,
    isNew: pending.has(name),
  }));
  const files = new Set(migrations.filter(({ isNew }) => isNew).map(({ file }) => file));
  const [sql, code] = await Promise.all([
    checkSql(expected, migrations),
    checkCodeIfPossible(context, project),
  ]);
  const found = [
    ...sql.findings.filter(({ file }) => file !== undefined && files.has(file)),
    ...code.map((finding) =>
      finding.file === undefined ? finding : { ...finding, file: show(finding.file) },
    ),
  ];
  const places = new Set(found.flatMap(({ file }) => file ?? []));
  const texts = await Promise.all(
    [...places].map(async (file) => ({
      file,
      text:
        migrations.find((one) => one.file === file)?.sql ??
        (await readFile(`${project.directory}/${file}`, "utf8").catch(() => "")),
    })),
  );
  const kept = applySuppressions(found, texts);
  return sortFindings(kept).filter(({ level }) => level === "error");
}

/**
 * Refuses to start with errors of the first two layers.
 *
 * @throws TenantryError `isolation` with the findings.
 */
export async function requirePreflight(context: Context, request: PreflightRequest): Promise<void> {
  const findings = await findPreflight(context, request);
  if (findings.length === 0) return;
  throw new TenantryError({
    code: "isolation",
    message: `The migrations cannot run: ${findings.length === 1 ? "there is an error" : `there are ${findings.length} errors`} in the schema or in what is pending.`,
    details: findings.map(formatFinding),
    hint: 'Nothing was applied. Correct them, or suppress one with its reason; "tenantry check" shows them all.',
  });
}

/** A container that only migrates may have no TypeScript parser; then the code was judged where it was built. */
async function checkCodeIfPossible(context: Context, project: Project): Promise<readonly Finding[]> {
  try {
    const { checkCode } = await import("../../../codegen/check-code.js");
    const { directory, settings } = project;
    const schemaFiles = await project.schemaFiles();
    const exports = await project.loadExports();
    return await checkCode({
      directory,
      settings,
      schemaFiles,
      exports,
      servicePaths: settings.servicePaths,
    });
  } catch (thrown) {
    if (!(thrown instanceof TenantryError) || thrown.code !== "dependency-missing") throw thrown;
    context.logger.warn("ts-morph is not installed here, so the schema's code is not judged again");
    return [];
  }
}
