import { readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { TenantryError } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import { hasErrors } from "../../core/finding.js";
import { sortFindings } from "../../core/finding-order.js";
import type { Repository } from "../../core/run-git.js";
import type { SourceText } from "../../core/suppressions.js";
import { applySuppressions } from "../../core/suppressions.js";
import type { Expected } from "../../isolation/expected.js";
import { checkFolder } from "../../migrate/check-folder/check-folder.js";
import { checkJournalLayout } from "../../migrate/check-folder/check-journal-layout.js";
import type { CommittedFiles } from "../../migrate/check-folder/committed-files.js";
import { readCommittedFiles } from "../../migrate/check-folder/committed-files.js";
import type { SnapshotJudgement } from "../../migrate/check-folder/compare-snapshots.js";
import type { ScannedFolder } from "../../migrate/check-folder/scan-folder.js";
import { scanFolder } from "../../migrate/check-folder/scan-folder.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { openResultCache } from "../cache/result-cache.js";
import type { Project } from "../project/project.js";
import { compareCached } from "./compare-cached.js";
import type { JudgedMigrations } from "./judge-migrations.js";
import { judgeMigrations } from "./judge-migrations.js";

/** What is checked, and how far. */
export type CheckRequest = {
  readonly project: Project;
  /** The repository that the project lies in, and the project's folder there; not that of a copy. */
  readonly repository: { readonly of: Repository; readonly directory: string } | undefined;
  /** The branch or commit with which to compare; by default where the main branch was left. */
  readonly base: string | undefined;
  /** Patterns of the services' own code. */
  readonly servicePaths: readonly string[];
  readonly squawk: boolean;
  /** True to have drizzle-kit compare the schema with the migrations, which takes a second or two. */
  readonly compare: boolean;
};

/** An exception that the schema declares, with its reason. */
export type ShownException = {
  readonly table: string;
  readonly rule: string;
  readonly subject: string;
  readonly reason: string;
};

/** What a check found, and what it looked at. */
export type CheckReport = {
  /** In the order of their places; suppressed ones are left out. */
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
  readonly exceptions: readonly ShownException[];
  readonly checked: { readonly tables: number; readonly migrations: number; readonly statements: number };
};

/** Runs the first two layers of the proof chain: the code, and the SQL of the migrations. */
export async function runCheck(request: CheckRequest): Promise<CheckReport> {
  const { project } = request;
  const show = (path: string) =>
    relative(project.directory, resolve(project.directory, path)).split(sep).join("/");
  const cache = await openResultCache(project.directory);
  const [schemaFiles, folders] = await Promise.all([project.schemaFiles(), scanFolder(project.out)]);
  const [committed, exports] = await Promise.all([readCommitted(request), project.loadExports()]);
  const migrations = (await readMigrations(project.out, folders)).map(({ name, file, sql }) => ({
    name,
    file: show(file),
    sql,
    isNew: committed?.merged.has(relativePath(project.out, file)) !== true,
  }));
  const demanded = await Promise.allSettled([project.loadSchema()]).then(([outcome]) => outcome);
  const expected = demanded.status === "fulfilled" ? demanded.value.expected : undefined;
  // The first two wait for a process and for a thread. Meanwhile the code is judged.
  const [sql, compared, code] = await Promise.all([
    expected === undefined
      ? NOTHING_JUDGED
      : judgeMigrations({ expected, migrations, squawk: request.squawk }, cache),
    request.compare && folders !== undefined && folders.length > 0
      ? compareCached({ comparison: { schemaFiles, out: project.out, show }, folders, exports }, cache)
      : NOTHING_COMPARED,
    checkSchemaCode(request, schemaFiles, exports),
  ]);
  if (demanded.status === "rejected") requireExplanation(demanded.reason, code.findings);
  const findings = [
    ...code.findings.map((finding) =>
      finding.file === undefined ? finding : { ...finding, file: show(finding.file) },
    ),
    ...checkFolder({
      folders: folders ?? [],
      fileOf: (name, file) => show(join(project.out, name, file)),
      committed,
    }),
    ...(folders === undefined && migrations.length > 0
      ? await checkJournalLayout(project.out, committed, show)
      : []),
    ...sql.findings,
    ...compared.findings,
  ];
  const texts = await readTexts(findings, code.files.map(show), migrations, project.directory);
  return {
    findings: sortFindings(applySuppressions(findings, texts)),
    warnings: [
      ...(folders === undefined && migrations.length === 0
        ? [`there is no migration in ${show(project.out)} yet`]
        : []),
      ...(expected === undefined ? ["the migrations are judged when the schema can be read"] : []),
      ...sql.warnings,
      ...compared.warnings,
    ],
    exceptions: expected === undefined ? [] : listExceptions(expected),
    checked: {
      tables: expected?.tables.length ?? 0,
      migrations: migrations.length,
      statements: sql.statements,
    },
  };
}

const NOTHING_JUDGED: JudgedMigrations = { findings: [], warnings: [], statements: 0 };
const NOTHING_COMPARED: SnapshotJudgement = { findings: [], warnings: [] };

/** A schema that cannot be read is an error of its own, unless findings over the code already say why. */
function requireExplanation(thrown: unknown, findings: readonly Finding[]): void {
  if (!(thrown instanceof TenantryError && hasErrors(findings))) throw thrown;
}

async function readCommitted({
  repository,
  project,
  base,
}: CheckRequest): Promise<CommittedFiles | undefined> {
  if (repository === undefined) return undefined;
  const folder = join(repository.directory, relative(project.directory, project.out));
  return await readCommittedFiles(repository.of, folder, base);
}

/** A broken folder has findings that say so; what can be read of it is checked all the same. */
async function readMigrations(out: string, folders: readonly ScannedFolder[] | undefined) {
  const sound = folders?.every(({ sql }) => sql !== undefined) ?? true;
  if (sound) return await readFolderIfThere(out);
  return (folders ?? []).flatMap(({ name, sql }) =>
    sql === undefined ? [] : [{ name, sql, file: join(out, name, "migration.sql") }],
  );
}

/** A project that has no migration yet is no failure here: its code can be checked. */
async function readFolderIfThere(out: string) {
  try {
    return await readFolder(out);
  } catch (thrown) {
    if (thrown instanceof TenantryError && thrown.message.startsWith("There is no migrations folder"))
      return [];
    throw thrown;
  }
}

/** TypeScript's parser is heavy: it is loaded here and not before. */
async function checkSchemaCode(
  { project, ...request }: CheckRequest,
  schemaFiles: readonly string[],
  exports: Readonly<Record<string, unknown>>,
) {
  const [{ checkCode }, { findSourceFiles }] = await Promise.all([
    import("../../../codegen/check-code.js"),
    import("../../../codegen/find-source-files.js"),
  ]);
  const { directory, settings } = project;
  const servicePaths = [...settings.servicePaths, ...request.servicePaths];
  const [findings, files] = await Promise.all([
    checkCode({ directory, settings, schemaFiles, exports, servicePaths }),
    findSourceFiles(schemaFiles),
  ]);
  return { findings, files };
}

/** The texts in which suppressions may stand: schema, migrations, and whatever a finding is about. */
async function readTexts(
  findings: readonly Finding[],
  schemaFiles: readonly string[],
  migrations: readonly { readonly file: string; readonly sql: string }[],
  directory: string,
): Promise<SourceText[]> {
  const known = new Set(migrations.map(({ file }) => file));
  const others = new Set(
    [...schemaFiles, ...findings.flatMap(({ file }) => file ?? [])].filter((file) => !known.has(file)),
  );
  const read = await Promise.all(
    [...others].map(async (file) => ({
      file,
      text: file.endsWith(".json") ? "" : await readFile(resolve(directory, file), "utf8").catch(() => ""),
    })),
  );
  return [...migrations.map(({ file, sql }) => ({ file, text: sql })), ...read];
}

function listExceptions({ tables, doors }: Expected): ShownException[] {
  return tables.flatMap(({ name: table, schema, declaration }) => [
    ...(declaration?.kind === "global" && declaration.reason !== undefined
      ? [{ table, rule: "global", subject: table, reason: declaration.reason }]
      : []),
    ...(declaration?.exceptions ?? []).map(({ rule, subject, reason }) => ({ table, rule, subject, reason })),
    ...doors
      .filter((door) => door.schema === schema && door.table === table)
      .map(({ name, reason }) => ({ table, rule: "door", subject: name, reason })),
  ]);
}

function relativePath(folder: string, file: string): string {
  return relative(folder, file).split(sep).join("/");
}
