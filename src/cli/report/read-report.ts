import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { readCatalog } from "../../catalog/read-catalog.js";
import { describeTarget } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { auditCatalog } from "../../isolation/audit.js";
import { catalogScope } from "../../isolation/catalog-scope.js";
import { loadPolicyAnalysis } from "../../isolation/policy-analysis.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { planMigrations } from "../../migrate/plan/plan-migrations.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import { throwIfStopped } from "../../migrate/run/interrupted.js";
import { readPartial } from "../../migrate/run/read-partial.js";
import type { Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { readServerFacts } from "../../postgres/server-facts.js";
import type { Context } from "../context.js";
import { formatMoment } from "../format-moment.js";
import { readPackageVersion } from "../package-version.js";
import type { Project } from "../project/project.js";
import { compareWithCode, verifyProjectData } from "../proof/run-verify.js";
import { createStepTimer } from "../proof/step-timer.js";
import { readRevision } from "../read-revision.js";
import { describePlan, readMigrations, serverWarnings } from "../read-status.js";
import type { Target } from "../target.js";
import { judgeReport } from "./judge-report.js";
import { listDoors } from "./list-doors.js";
import { listExceptions } from "./list-exceptions.js";
import { listReferences } from "./list-references.js";
import { listRoles } from "./list-roles.js";
import { listTables } from "./list-tables.js";
import type { FindingSource } from "./merge-findings.js";
import { mergeFindings } from "./merge-findings.js";
import type { AttackPlace } from "./read-attacks.js";
import { readAttacks } from "./read-attacks.js";
import { readPart } from "./read-part.js";
import { readTimeline } from "./read-timeline.js";
import { redactSecrets } from "./redact-secrets.js";
import type { Report } from "./report.js";

/** What to read. */
export type ReportRequest = {
  readonly target: Target;
  readonly probe: AttackPlace;
  /** How many runs of the log. */
  readonly runs: number;
};

/**
 * Reads everything that a report says. Parts that cannot be read are kept as such, with the reason; only without the
 * project's schema or the database's catalog there is no report.
 *
 * @throws TenantryError as `loadSchema` and `openDatabase`.
 */
export async function readReport(outer: Context, request: ReportRequest): Promise<Report> {
  const { target, probe } = request;
  const warnings: string[] = [];
  const context: Context = { ...outer, logger: keepWarnings(outer, warnings) };
  const project = await context.loadProject();
  const { expected } = await project.loadSchema();
  const analysis = await loadPolicyAnalysis(expected.settings);
  const connect = { ...target.connect, applicationName: "tenantry report" };
  const report = await withDatabase(target.url, connect, async (database): Promise<Report> => {
    const timer = createStepTimer(context.logger);
    const place = { context, project, expected, target, timer };
    const server = await readServerFacts(database);
    const catalog = await timer.step("catalog", () => readCatalog(database, catalogScope(expected)));
    const audit = auditCatalog({ expected, catalog, analysis });
    const comparison = await readPart(() => compareWithCode(place, database, catalog));
    throwIfStopped(context.signal);
    const rows = await readPart(async () => ({
      findings: await timer.step("data", () =>
        verifyProjectData(context, project, expected, target, database),
      ),
    }));
    throwIfStopped(context.signal);
    const timeline = await readPart(() => readTimeline(database, project, request.runs));
    const migrations = await readPart(() => readPlan(database, project, warnings));
    const mark = await readPart(async () => ({ environment: await readEnvironmentMark(database) }));
    const attacked = await readPart(() => readAttacks(place, probe, database, catalog));
    throwIfStopped(context.signal);
    const sources: readonly FindingSource[] = [
      { by: "catalog", findings: audit },
      { by: "comparison", findings: comparison.read ? comparison.drift : [] },
      { by: "rows", findings: rows.read ? rows.findings : [] },
      ...(attacked.read ? attacked.sources : []),
    ];
    const findings = mergeFindings(sources);
    // A rehearsal is about the migrations; what is wrong with them need not be wrong with the database.
    const live = mergeFindings(sources.filter(({ by }) => by !== "rehearsal"));
    const tables = listTables(expected, catalog, live);
    const { roles, others } = listRoles(expected, catalog, server);
    const { host, port } = describeTarget(target.url);
    const madeAt = new Date();
    const whole: Omit<Report, "verdict"> = {
      format: 1,
      madeAt,
      localTime: `${formatMoment(madeAt)}, ${Intl.DateTimeFormat().resolvedOptions().timeZone}`,
      project: await readProjectName(project),
      environment: context.environment,
      mark,
      version: readPackageVersion(),
      git: await readPart(() => readGit(context, project)),
      server: { ...server, host, port, embedded: target.embedded },
      tables,
      references: listReferences(expected, catalog, new Set(tables.map(({ table }) => table))),
      attacks: attacked.read ? { read: true, ...attacked.attacks } : attacked,
      drift: comparison.read ? { read: true, comparedWith: comparison.comparedWith } : comparison,
      rows: rows.read ? { read: true } : rows,
      migrations,
      timeline,
      findings,
      exceptions: listExceptions(expected),
      roles,
      otherRoles: others,
      doors: listDoors(expected, catalog),
      warnings: [...warnings, ...serverWarnings(server), ...markWarnings(mark, context.environment)],
    };
    return { ...whole, verdict: judgeReport(whole, probe !== "none") };
  });
  return redactSecrets(report);
}

/** What is told on the way belongs on the page, too. */
function keepWarnings({ logger }: Context, warnings: string[]): Context["logger"] {
  return {
    info: (message, fields) => logger.info(message, fields),
    warn: (message, fields) => {
      warnings.push(message);
      logger.warn(message, fields);
    },
  };
}

async function readPlan(database: Database, project: Project, warnings: string[]) {
  const folder = await readMigrations(project.out);
  warnings.push(...folder.warnings);
  const plan = planMigrations(folder.migrations, await readLedger(database, project.ledger));
  return describePlan(plan, await readPartial(database, project.ledger));
}

async function readGit(context: Context, project: Project) {
  const revision = await readRevision(context, project);
  if (revision !== undefined) return { revision: revision.revision, changed: await revision.isChanged() };
  throw new TenantryError({
    code: "argument-invalid",
    message: "The project's folder is in no git repository with a commit, or git is not installed.",
  });
}

function markWarnings(mark: Report["mark"], environment: string): string[] {
  if (!mark.read || mark.environment === undefined || mark.environment === environment) return [];
  return [`the database is marked as ${mark.environment}, and the report was made with --env ${environment}`];
}

const manifestSchema = z.object({ name: z.string().min(1) });

/** As package.json calls it, else as its folder is called. */
async function readProjectName({ directory }: Project): Promise<string> {
  const text = await readFile(join(directory, "package.json"), "utf8").catch(() => "{}");
  try {
    return manifestSchema.parse(JSON.parse(text)).name;
  } catch {
    return basename(directory);
  }
}
