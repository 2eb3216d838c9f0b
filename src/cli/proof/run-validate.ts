import { diffCatalogs } from "../../catalog/diff-catalogs.js";
import { readCatalog } from "../../catalog/read-catalog.js";
import type { Finding } from "../../core/finding.js";
import { auditCatalog } from "../../isolation/audit.js";
import { catalogScope } from "../../isolation/catalog-scope.js";
import { findDrift } from "../../isolation/find-drift.js";
import { loadPolicyAnalysis } from "../../isolation/policy-analysis.js";
import { probeDatabase } from "../../isolation/probes/probe-database.js";
import type { ProbeReport } from "../../isolation/probes/probe-report.js";
import { exportSchema } from "../../migrate/drizzle-kit.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { readDemandedCatalog, withRehearsal } from "../../migrate/rehearse.js";
import type { Context } from "../context.js";
import { resolveShadowServer } from "../target.js";
import { inServerScope } from "./in-server-scope.js";
import type { StepTimer } from "./step-timer.js";

/** What a validation found. */
export type Validation = {
  readonly findings: readonly Finding[];
  readonly probes: ProbeReport | undefined;
  readonly tables: number;
  readonly migrations: number;
};

/**
 * Rehearses the migrations on the shadow, judges the catalog to which they lead, compares it with the code, and attacks
 * every table of it.
 *
 * @throws TenantryError as `resolveShadowServer`, `readFolder`, `withRehearsal` and `probeDatabase`.
 */
export async function runValidate(
  context: Context,
  timer: StepTimer,
  options: { readonly probe: boolean },
): Promise<Validation> {
  const { logger, signal } = context;
  const project = await context.loadProject();
  const { expected } = await timer.step("schema", () => project.loadSchema());
  const folder = await readFolder(project.out);
  const server = await timer.step("shadow server", () => resolveShadowServer(context));
  const place = { server, connect: { urlName: "SHADOW_DATABASE_URL" }, out: project.out, signal, logger };
  // drizzle-kit thinks for a second or two: meanwhile the server can be attacked.
  const demanding = timer.step("what the code demands", async () => {
    const schemaFiles = await project.schemaFiles();
    const exported = await exportSchema({ schemaFiles, breakpoints: project.breakpoints });
    return await readDemandedCatalog(place, expected, exported);
  });
  const rehearsing = timer.step("rehearsal", () =>
    withRehearsal(place, folder, async ({ database }) => {
      const catalog = inServerScope(await readCatalog(database, catalogScope(expected)), expected);
      const analysis = await loadPolicyAnalysis(expected.settings);
      const audit = await timer.step("catalog audit", async () =>
        auditCatalog({ expected, catalog, analysis, madeBy: "migrations" }),
      );
      const probes = options.probe
        ? await timer.step("probes", () =>
            probeDatabase({ database, expected, catalog, throwAway: true, signal, logger }),
          )
        : undefined;
      return { catalog, audit, probes };
    }),
  );
  // Both to their end, so that neither leaves a database behind; the rehearsal's failure is the one to be told.
  const [rehearsal, demanded] = await Promise.allSettled([rehearsing, demanding]);
  if (rehearsal.status === "rejected") throw rehearsal.reason;
  if (demanded.status === "rejected") throw demanded.reason;
  const { catalog, audit, probes } = rehearsal.value;
  const drift = findDrift(expected, diffCatalogs(demanded.value, catalog));
  return {
    findings: [...audit, ...drift, ...(probes?.findings ?? [])],
    probes,
    tables: expected.tables.length,
    migrations: folder.length,
  };
}
