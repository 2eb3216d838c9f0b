import { TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import type { ParsedStatement } from "../../isolation/sql/parse-migration.js";
import { loadSqlParser, parseMigration } from "../../isolation/sql/parse-migration.js";
import type { Database, Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { PlannedMigration } from "../plan/plan-migrations.js";
import type { RehearsalPlace } from "../rehearse.js";
import { withRehearsal } from "../rehearse.js";
import { DEFAULT_TIMEOUTS } from "../run/timeouts.js";
import { beginSql } from "../run/transaction-sql.js";
import { needsSteps } from "../statements/needs-steps.js";
import { adviseStatements } from "./advise-statements.js";
import { describeHolds } from "./describe-holds.js";
import type { WrittenName } from "./documented-effects.js";
import { namesMade } from "./names-made.js";
import type { Observations } from "./observe-statements.js";
import { observeStatements } from "./observe-statements.js";
import type { MigrationReport, PlanReport } from "./plan-report.js";
import { readRelations } from "./read-relations.js";
import { reportStatement } from "./report-statement.js";

/** What a plan is reported from. */
export type PlanReportRequest = {
  /** In the order in which they will run. */
  readonly pending: readonly PlannedMigration[];
  /** What a file is called for people. */
  readonly show: (file: string) => string;
  /** Where to rehearse, and what the target has applied; or why there is no shadow. */
  readonly shadow:
    | { readonly place: RehearsalPlace; readonly applied: readonly Migration[] }
    | { readonly unavailable: string };
  /** Undefined while the target has no such database. */
  readonly target: Database | undefined;
  /** By migration, how many of its statements an earlier run has applied. */
  readonly progress?: ReadonlyMap<string, number> | undefined;
  /** The role whose policies let a migrator through that nothing else exempts from row security. */
  readonly adminRole: string;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
};

/** For the planner's estimates: they are to keep nobody waiting. */
const TIMEOUTS = { ...DEFAULT_TIMEOUTS, lock: 1000, statement: 5000 };

/** A pending migration with its statements. */
type Pending = PlannedMigration & { readonly statements: readonly ParsedStatement[] };

/**
 * Says of each pending statement what it will do to the target: its locks, rewrites and scans, watched on the shadow, and
 * how large the tables are that it does this to. The target is only read.
 *
 * @throws TenantryError `sql-invalid` for what does not parse, `interrupted`.
 */
export async function reportPlan(request: PlanReportRequest): Promise<PlanReport> {
  const { pending, show, target, signal } = request;
  if (pending.length === 0) return { migrations: [], observedOn: null, warnings: [] };
  await loadSqlParser();
  const parsed: Pending[] = pending.map((migration) => ({
    ...migration,
    file: show(migration.file),
    statements: parseMigration({ ...migration, file: show(migration.file) }),
  }));
  const [seen, advice] = await Promise.all([observe(request, parsed), adviseStatements(parsed)]);
  const targetRelations = target === undefined ? new Map() : await readRelations(target);
  const begin = beginSql({
    adminRole: request.adminRole,
    timeouts: TIMEOUTS,
    modes: "read only",
    isDurable: true,
  });
  const origin = seen.observations?.origin ?? targetRelations;
  const made = new Map<string, WrittenName | undefined>();
  const migrations: MigrationReport[] = [];
  for (const [index, migration] of parsed.entries()) {
    const { name, file, state, statements } = migration;
    const reports = [];
    for (const [place, statement] of statements.entries()) {
      if (signal?.aborted === true) break;
      const known = seen.observations?.migrations[index]?.[place];
      reports.push(
        await reportStatement({
          number: place + 1,
          statement,
          observations: seen.observations,
          observation: known?.observation,
          names: { now: known?.before ?? seen.observations?.last ?? targetRelations, origin, made },
          target,
          targetRelations,
          begin,
          advice: advice.findings.get(statement) ?? [],
        }),
      );
      for (const [name, table] of namesMade(statement.node)) made.set(name, table);
    }
    const isPartial = request.progress?.has(name) === true;
    const oneTransaction = !isPartial && (await needsSteps(migration)) === undefined;
    const holds = oneTransaction ? describeHolds(reports) : [];
    const done = request.progress?.get(name) ?? 0;
    migrations.push({ name, file, state, oneTransaction, statements: reports, done, holds });
  }
  return { migrations, observedOn: seen.version ?? null, warnings: [...seen.warnings, ...advice.warnings] };
}

type Seen = {
  readonly observations: Observations | undefined;
  readonly version: string | undefined;
  readonly warnings: readonly string[];
};

async function observe(request: PlanReportRequest, parsed: readonly Pending[]): Promise<Seen> {
  const { shadow, target, signal } = request;
  if ("unavailable" in shadow) return unobserved(shadow.unavailable);
  try {
    return await withRehearsal(shadow.place, shadow.applied, async ({ database }) => {
      request.logger.info(`observing ${parsed.length} pending on the shadow`);
      const version = await readVersion(database);
      const observations = await observeStatements(database, parsed, signal);
      return { observations, version, warnings: await compareVersions(version, target) };
    });
  } catch (thrown) {
    if (!(thrown instanceof TenantryError) || thrown.code === "interrupted") throw thrown;
    return unobserved(thrown.message);
  }
}

function unobserved(reason: string): Seen {
  const warning = `nothing was observed, so this is what the statements' kinds alone tell: ${reason}`;
  return { observations: undefined, version: undefined, warnings: [warning] };
}

async function readVersion(session: Session): Promise<string> {
  const [row] = await session<{ version: string }[]>`
    select split_part(current_setting('server_version'), ' ', 1) as version`;
  return row?.version ?? "";
}

/** Which statements rewrite has changed from one major version to the next. */
async function compareVersions(shadow: string, target: Database | undefined): Promise<string[]> {
  if (target === undefined) return [];
  const version = await readVersion(target);
  const [here, there] = [shadow, version].map((one) => one.split(".")[0]);
  if (here === there) return [];
  return [`observed on PostgreSQL ${shadow}, but the target is ${version}: locks and rewrites may differ`];
}
