import type { Catalog } from "../catalog/catalog.js";
import { tableSubject } from "../catalog/facts.js";
import { readCatalog } from "../catalog/read-catalog.js";
import { describeTarget } from "../core/database-url.js";
import type { Finding } from "../core/finding.js";
import { catalogScope } from "../isolation/catalog-scope.js";
import type { Expected } from "../isolation/expected.js";
import { inspectFolder, requireApplicable } from "../migrate/folder/read-folder.js";
import { readParents } from "../migrate/folder/read-parents.js";
import { readLedger } from "../migrate/ledger/ledger.js";
import type { Plan, PlannedMigration } from "../migrate/plan/plan-migrations.js";
import { pendingMigrations, planMigrations } from "../migrate/plan/plan-migrations.js";
import { readPartial } from "../migrate/run/read-partial.js";
import { withDatabase } from "../postgres/connect.js";
import type { ServerFacts } from "../postgres/server-facts.js";
import { missingPatch, readServerFacts } from "../postgres/server-facts.js";
import { DEFAULT_REDIS_URL, findRedisProblem } from "../redis/connect-redis.js";
import type { Context } from "./context.js";
import { auditRemembered } from "./project/audit-remembered.js";
import type { ProjectFacts } from "./project/project-facts.js";
import type { Target } from "./target.js";
import { resolveTarget } from "./target.js";
import { unlessStopped } from "./unless-stopped.js";

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
    /** What migrate would apply, in its order; the late ones among it are older than what was applied. */
    readonly pending: readonly string[];
    readonly late: readonly string[];
    /** Pending too: an earlier run has applied a part of it. */
    readonly partial: readonly string[];
    readonly edited: readonly string[];
    readonly missing: readonly string[];
    /** Rows of the ledger that could be one of several migrations. */
    readonly ambiguous: readonly string[];
    /** Recorded more than once. */
    readonly duplicates: readonly string[];
    /** More than one are branches that were not joined. */
    readonly heads: readonly string[];
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
 * @param given the target, if it is known; else it is resolved while the project is read.
 * @throws TenantryError as `loadProject`, `resolveTarget`, `openDatabase`, `readFolder` and `readLedger`.
 */
export async function readStatus(context: Context, given?: Target): Promise<Status> {
  const code = readCode(context);
  const target = given === undefined ? resolveTarget(context) : Promise.resolve(given);
  const reading = target.then((resolved) => readTarget(context, resolved, code));
  // What is wrong with the project is told before what is wrong with the server, whichever is known first.
  const [known, status] = await Promise.allSettled([code, reading]);
  if (known.status === "rejected") throw known.reason;
  if (status.status === "rejected") throw status.reason;
  return status.value;
}

/** What the code says: the project, and its migrations. */
type Code = ProjectFacts & { readonly folder: Awaited<ReturnType<typeof readMigrations>> };

async function readCode(context: Context): Promise<Code> {
  const facts = await context.readFacts();
  return { ...facts, folder: await readMigrations(facts.out) };
}

async function readTarget(context: Context, target: Target, code: Promise<Code>): Promise<Status> {
  return await withDatabase(target.url, target.connect, async (database) => {
    const { expected, folder, ledger: place } = await code;
    // Of one moment, and on one connection of a pooler; what is to be loaded is loaded while the server works.
    const asked = database.begin("isolation level repeatable read read only", (session) =>
      Promise.all([
        readServerFacts(session),
        readLedger(session, place),
        readCatalog(session, catalogScope(expected)),
      ]),
    );
    const [[server, ledger, catalog], redis] = await unlessStopped(
      context.signal,
      Promise.all([asked, askRedis(context)]),
    );
    const plan = planMigrations(folder.migrations, ledger);
    const partial = pendingMigrations(plan).length === 0 ? [] : await readPartial(database, place);
    const findings = await auditRemembered(context.directory, { expected, catalog });
    const { host, port } = describeTarget(target.url);
    return {
      server: { ...server, host, port, embedded: target.embedded },
      environment: context.environment,
      migrations: describePlan(plan, partial),
      tables: describeTables(expected, catalog, findings),
      redis,
      findings,
      warnings: [...serverWarnings(server), ...folder.warnings],
    };
  });
}

async function askRedis({ variables, environment }: Context): Promise<string> {
  const url = variables.REDIS_URL ?? (environment === "development" ? DEFAULT_REDIS_URL : undefined);
  if (url === undefined) return "REDIS_URL is not set";
  return (await findRedisProblem(url)) ?? "answers";
}

/**
 * The migrations of a folder in the order in which they are applied, and what is odd about it.
 *
 * @throws TenantryError as `requireApplicable`.
 */
export async function readMigrations(path: string) {
  const reading = await inspectFolder(path);
  const { migrations, problems } = await readParents(requireApplicable(reading));
  return { migrations, warnings: [...reading.problems, ...problems].map(({ detail }) => detail) };
}

/**
 * What was applied and what was not, by name.
 *
 * @param partial what `readPartial` gave.
 */
export function describePlan(plan: Plan, partial: readonly string[]): Status["migrations"] {
  const namesOf = (...states: readonly PlannedMigration["state"][]) =>
    plan.migrations.filter(({ state }) => states.includes(state)).map(({ name }) => name);
  return {
    applied: namesOf("applied", "edited").length,
    pending: pendingMigrations(plan).map(({ name }) => name),
    late: namesOf("late"),
    partial: namesOf("pending", "late").filter((name) => partial.includes(name)),
    edited: namesOf("edited"),
    missing: plan.missing,
    ambiguous: plan.ambiguous.map(({ row }) => row),
    duplicates: plan.duplicates,
    heads: plan.heads,
  };
}

/** True if there is nothing to do: nothing pending, edited, missing or in doubt, every table isolated. */
export function isSettled(status: Status): boolean {
  const { pending, edited, missing, ambiguous } = status.migrations;
  return (
    pending.length + edited.length + missing.length + ambiguous.length === 0 &&
    status.findings.every(({ level }) => level !== "error")
  );
}

/** A line for each table that the code declares. */
export function describeTables(
  expected: Expected,
  catalog: Catalog,
  findings: readonly Finding[],
): TableStatus[] {
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

/** What a server of this version is known to do wrong. */
export function serverWarnings(server: ServerFacts): string[] {
  const patched = missingPatch(server);
  if (patched === undefined) return [];
  return [
    `PostgreSQL ${server.version} lets rows leak through a correct policy by INSERT … ON CONFLICT (CVE-2026-120154); tenant-leading keys close it, ${patched} fixes it`,
  ];
}
