import type { Catalog } from "../../catalog/catalog.js";
import { diffCatalogs } from "../../catalog/diff-catalogs.js";
import { readCatalog } from "../../catalog/read-catalog.js";
import { TenantryError } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import { auditCatalog } from "../../isolation/audit.js";
import { catalogScope } from "../../isolation/catalog-scope.js";
import type { Expected } from "../../isolation/expected.js";
import { findDrift, repairFindings } from "../../isolation/find-drift.js";
import { managedSchemas } from "../../isolation/managed-schemas.js";
import { loadPolicyAnalysis } from "../../isolation/policy-analysis.js";
import { probeDatabase } from "../../isolation/probes/probe-database.js";
import type { ProbeReport } from "../../isolation/probes/probe-report.js";
import type { Repair } from "../../isolation/repair/find-repairs.js";
import { findRepairs } from "../../isolation/repair/find-repairs.js";
import { findServiceReach } from "../../isolation/service-reach.js";
import { exportSchema } from "../../migrate/drizzle-kit.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { readDemandedCatalog } from "../../migrate/rehearse.js";
import { verifyData } from "../../migrate/verify/verify-data.js";
import { withCancel } from "../../migrate/verify/with-cancel.js";
import type { Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { readServerFacts } from "../../postgres/server-facts.js";
import type { Context } from "../context.js";
import { showPath } from "../plan/show-path.js";
import type { Project } from "../project/project.js";
import type { Target } from "../target.js";
import { resolveShadowServer } from "../target.js";
import type { StepTimer } from "./step-timer.js";

/** What was found on a live database. */
export type Verification = {
  readonly findings: readonly Finding[];
  readonly repairs: readonly Repair[];
  readonly probes: ProbeReport | undefined;
  /** The logins that act as services. */
  readonly services: readonly string[];
  readonly comparedWith: "shadow" | "schema";
};

/**
 * Judges a live database by every rule, compares it with what the code demands, and, if asked, attacks it inside a
 * transaction that is rolled back.
 */
export async function runVerify(
  context: Context,
  timer: StepTimer,
  options: { readonly target: Target; readonly probe: boolean },
): Promise<Verification> {
  const { target } = options;
  const project = await context.loadProject();
  const { expected } = await project.loadSchema();
  const analysis = await loadPolicyAnalysis(expected.settings);
  return await withDatabase(
    target.url,
    { ...target.connect, applicationName: "tenantry verify" },
    async (database) => {
      const catalog = await timer.step("catalog", () => readCatalog(database, catalogScope(expected)));
      const audit = auditCatalog({ expected, catalog, analysis });
      const { repairs, drift, comparedWith } = await compareWithCode(
        { context, project, expected, target, timer },
        database,
        catalog,
      );
      const probes = options.probe
        ? await timer.step("probes", () =>
            probeDatabase({ database, expected, catalog, signal: context.signal, logger: context.logger }),
          )
        : undefined;
      const data = await timer.step("data", async () =>
        verifyProjectData(context, project, expected, target, database),
      );
      return {
        findings: [...audit, ...drift, ...data, ...(probes?.findings ?? [])],
        repairs,
        probes,
        services: findServiceReach(catalog, expected.settings).services.slice(1),
        comparedWith,
      };
    },
  );
}

/** A target, and the project that it is compared with. */
export type ComparisonPlace = {
  readonly context: Context;
  readonly project: Project;
  readonly expected: Expected;
  readonly target: Target;
  readonly timer: StepTimer;
};

/** What a live database and the code do not agree about, and what would restore the completion. */
export async function compareWithCode(
  place: ComparisonPlace,
  database: Database,
  catalog: Catalog,
): Promise<Pick<Verification, "repairs" | "comparedWith"> & { readonly drift: readonly Finding[] }> {
  const { context, project, expected, target, timer } = place;
  const repairs = await timer.step("comparison", () => readRepairs(database, expected, catalog));
  const demanded = await demandedCatalog(context, project, expected, target, database, timer);
  if (demanded === undefined) return { repairs, drift: repairFindings(repairs), comparedWith: "schema" };
  const drift = findDrift(expected, diffCatalogs(demanded, catalog)).filter(
    ({ detail }) => !isServers(detail),
  );
  return { repairs, drift, comparedWith: "shadow" };
}

/** The rows of the schemas that the code uses. */
export async function verifyProjectData(
  { signal }: Context,
  project: Project,
  expected: Expected,
  { url, connect }: Target,
  database: Database,
): Promise<Finding[]> {
  const options = {
    folder: await readFolder(project.out),
    ledger: project.ledger,
    adminRole: expected.settings.roles.admin,
    schemas: managedSchemas(expected),
    signal,
  };
  const found = await withCancel(database, { url, connect, signal }, () => verifyData(database, options));
  return found.map((each) =>
    each.file === undefined ? each : { ...each, file: showPath(project.directory, each.file) },
  );
}

/** What would restore the completion; everything that it tries on the way is rolled back. */
async function readRepairs(
  database: Database,
  expected: Expected,
  catalog: Catalog,
): Promise<readonly Repair[]> {
  let repairs: readonly Repair[] = [];
  await database
    .begin(async (session) => {
      repairs = await findRepairs(session, expected, catalog);
      throw ROLLBACK;
    })
    .catch((thrown: unknown) => {
      if (thrown !== ROLLBACK) throw thrown;
    });
  return repairs;
}

const ROLLBACK = new Error("rolled back on purpose");

/**
 * What the code demands, built on a shadow; undefined where there is none, or where it is of another major version and so
 * prints otherwise. A live database is never burdened with it, except the embedded one.
 */
async function demandedCatalog(
  context: Context,
  project: Project,
  expected: Expected,
  target: Target,
  database: Database,
  timer: StepTimer,
): Promise<Catalog | undefined> {
  const given = context.variables.SHADOW_DATABASE_URL;
  if (!target.embedded && (given === undefined || given === "")) return undefined;
  const connect = { urlName: "SHADOW_DATABASE_URL" };
  try {
    const server = await resolveShadowServer(context);
    const { major } = await readServerFacts(database);
    const shadow = await withDatabase(server, connect, readServerFacts);
    if (shadow.major !== major) {
      context.logger.warn(
        `the shadow is PostgreSQL ${shadow.major}, the target ${major}: compared without it`,
      );
      return undefined;
    }
    return await timer.step("what the code demands", async () => {
      const schemaFiles = await project.schemaFiles();
      const exported = await exportSchema({ schemaFiles, breakpoints: project.breakpoints });
      const { logger, signal } = context;
      return await readDemandedCatalog(
        { server, connect, out: project.out, signal, logger },
        expected,
        exported,
      );
    });
  } catch (thrown) {
    if (!(thrown instanceof TenantryError)) throw thrown;
    context.logger.warn(`compared without a shadow: ${thrown.message}`);
    return undefined;
  }
}

/** Roles belong to the server: what they may do is role-too-strong's to judge. */
function isServers(detail: string): boolean {
  return detail.startsWith("role ");
}
