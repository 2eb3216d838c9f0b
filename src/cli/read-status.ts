import type { Catalog } from "../catalog/catalog.js";
import { tableSubject } from "../catalog/facts.js";
import { readCatalog } from "../catalog/read-catalog.js";
import { describeTarget } from "../core/database-url.js";
import { ENGINE_SCHEMA } from "../core/engine-schema.js";
import type { Finding } from "../core/finding.js";
import { auditCatalog } from "../isolation/audit.js";
import type { Expected } from "../isolation/expected.js";
import { managedSchemas } from "../isolation/expected.js";
import { loadPolicyAnalysis } from "../isolation/policy-analysis.js";
import { readFolder } from "../migrate/folder/read-folder.js";
import { readLedger } from "../migrate/ledger/ledger.js";
import { pendingMigrations, planMigrations } from "../migrate/plan/plan-migrations.js";
import type { Database } from "../postgres/connect.js";
import { withDatabase } from "../postgres/connect.js";
import type { ServerFacts } from "../postgres/server-facts.js";
import { missingPatch, readServerFacts } from "../postgres/server-facts.js";
import { DEFAULT_REDIS_URL, findRedisProblem } from "../redis/connect-redis.js";
import type { Context } from "./context.js";
import type { Project } from "./project.js";
import type { Target } from "./target.js";

/** One table's line. */
export type TableStatus = {
  readonly table: string;
  readonly kind: "tenant" | "root" | "global" | "not declared";
  readonly exists: boolean;
  readonly rowSecurity: boolean;
  readonly forced: boolean;
  readonly policies: number;
  readonly tenantLeadingKey: boolean;
  readonly verdict: "isolated" | "shared" | "missing" | "not isolated";
};

/** Everything that `tenantry status` knows. */
export type Status = {
  readonly server: ServerFacts & { readonly host: string; readonly port: number; readonly embedded: boolean };
  readonly environment: string;
  readonly migrations: {
    readonly applied: number;
    readonly pending: readonly string[];
    readonly edited: readonly string[];
    readonly missing: readonly string[];
  };
  readonly tables: readonly TableStatus[];
  /** `answers`, or why it does not. */
  readonly redis: string;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
};

/**
 * Reads the state of a target: server, role, migrations, and the isolation of every table.
 *
 * @throws TenantryError as `openDatabase`, `readFolder` and `readLedger`.
 */
export async function readStatus(context: Context, project: Project, target: Target): Promise<Status> {
  const redisUrl =
    context.variables.REDIS_URL ?? (context.environment === "development" ? DEFAULT_REDIS_URL : undefined);
  const [{ expected }, folder, analysis, redisProblem] = await Promise.all([
    project.loadSchema(),
    readFolder(project.out),
    loadPolicyAnalysis(project.settings),
    redisUrl === undefined ? "REDIS_URL is not set" : findRedisProblem(redisUrl),
  ]);
  return await withDatabase(target.url, target.connect, async (database) => {
    const server = await readServerFacts(database);
    const plan = planMigrations(folder, await readLedger(database, project.ledger));
    const catalog = await readExpectedCatalog(database, expected);
    const findings = auditCatalog({ expected, catalog, analysis });
    const { host, port } = describeTarget(target.url);
    return {
      server: { ...server, host, port, embedded: target.embedded },
      environment: context.environment,
      migrations: {
        applied: plan.migrations.filter((migration) => migration.state !== "pending").length,
        pending: pendingMigrations(plan).map((migration) => migration.name),
        edited: plan.migrations
          .filter((migration) => migration.state === "edited")
          .map((migration) => migration.name),
        missing: plan.missing,
      },
      tables: describeTables(expected, catalog, findings),
      redis: redisProblem ?? "answers",
      findings,
      warnings: serverWarnings(server),
    };
  });
}

/** The part of the catalog that the code makes demands on. */
export async function readExpectedCatalog(database: Database, expected: Expected): Promise<Catalog> {
  return await readCatalog(database, {
    schemas: [...new Set([...managedSchemas(expected), ENGINE_SCHEMA])],
    roles: Object.values(expected.settings.roles),
  });
}

/** True if there is nothing to do: nothing pending, edited or missing, every table isolated. */
export function isSettled(status: Status): boolean {
  const { pending, edited, missing } = status.migrations;
  return (
    pending.length + edited.length + missing.length === 0 &&
    status.findings.every(({ level }) => level !== "error")
  );
}

function describeTables(expected: Expected, catalog: Catalog, findings: readonly Finding[]): TableStatus[] {
  return expected.tables
    .map((table): TableStatus => {
      const subject = tableSubject(table.schema, table.name);
      const relation = catalog.relations.find(
        ({ schema, name }) => schema === table.schema && name === table.name,
      );
      const failed = findings.some((finding) => finding.subject === subject && finding.level === "error");
      const primaryKey = relation?.constraints.find(({ type }) => type === "primary key");
      return {
        table: subject,
        kind: table.declaration?.kind ?? "not declared",
        exists: relation !== undefined,
        rowSecurity: relation?.rowSecurity ?? false,
        forced: relation?.forced ?? false,
        policies: relation?.policies.length ?? 0,
        tenantLeadingKey:
          table.declaration?.tenantColumn !== undefined &&
          primaryKey?.columns[0] === table.declaration.tenantColumn,
        verdict:
          relation === undefined
            ? "missing"
            : failed
              ? "not isolated"
              : table.declaration?.kind === "global"
                ? "shared"
                : "isolated",
      };
    })
    .sort((one, other) => (one.table < other.table ? -1 : 1));
}

function serverWarnings(server: ServerFacts): string[] {
  const patched = missingPatch(server);
  if (patched === undefined) return [];
  return [
    `PostgreSQL ${server.version} lets rows leak through a correct policy by INSERT … ON CONFLICT (CVE-2026-120154); tenant-leading keys close it, ${patched} fixes it`,
  ];
}
