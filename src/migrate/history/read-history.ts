import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { TenantryError } from "../../core/errors.js";
import { qualify } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerEntry, LedgerPlace } from "../ledger/ledger.js";
import { readLedger } from "../ledger/ledger.js";
import type { LoggedMigration, LoggedRun } from "./logged-run.js";
import { loggedMigrations, loggedRuns } from "./logged-run.js";

/** What is known of the past of a database. */
export type History = {
  /** False if no run of tenantry has been logged here yet. */
  readonly hasLog: boolean;
  /** The newest first. */
  readonly runs: readonly LoggedRun[];
  /** Runs beyond the limit. */
  readonly older: number;
  /** Migrations that the ledger has and no run of the log: applied by another tool, or before the log was kept. */
  readonly others: readonly OtherMigration[];
};

/** A migration that was not applied by a logged run. */
export type OtherMigration = Pick<LedgerEntry, "hash" | "appliedAt"> & {
  /** Empty if neither the ledger nor the folder knows one. */
  readonly name: string;
};

const RUNS = qualify(ENGINE_SCHEMA, "runs");
const RUN_MIGRATIONS = qualify(ENGINE_SCHEMA, "run_migrations");

/** The columns of a run, by the names that {@link LoggedRun} has for them; times as JSON, which no DateStyle changes. */
const COLUMNS = `r.id::text as id, to_json(r.started_at) as "startedAt", to_json(r.finished_at) as "finishedAt", r.outcome, r.command, r.environment,
  r.role, r.host, r.version, r.git_revision as "gitRevision", r.lock_wait_ms::float8 as "lockWaitMs", r.retries,
  r.error_code as "errorCode", r.error, r.fingerprint, r.accepted,
  -- The column came later.
  to_jsonb(r) ->> 'backup_ref' as "backupRef",
  (select count(*)::int from ${RUN_MIGRATIONS} m where m.run_id = r.id and m.outcome = 'applied') as applied`;

/**
 * Reads the newest runs of the log, and which migrations somebody else has applied.
 *
 * @param request.limit how many runs at most.
 * @param request.folder names the rows of a ledger without names, by their hashes.
 * @throws TenantryError `role-insufficient` if this role may not read the log, and as `readLedger`.
 */
export async function readHistory(
  session: Session,
  request: {
    readonly ledger: LedgerPlace;
    readonly limit: number;
    readonly folder: readonly Pick<Migration, "name" | "hash">[];
  },
): Promise<History> {
  const { ledger, limit, folder } = request;
  const names = new Map(folder.map(({ name, hash }) => [hash, name]));
  const entries = (await readLedger(session, ledger)).map(
    ({ name, hash, appliedAt }): OtherMigration => ({
      name: name === "" ? (names.get(hash) ?? "") : name,
      hash,
      appliedAt,
    }),
  );
  if (!(await hasLog(session))) return { hasLog: false, runs: [], older: 0, others: entries };
  const runs = loggedRuns.parse(
    await session.unsafe(`select ${COLUMNS} from ${RUNS} r order by r.id desc limit $1`, [limit]),
  );
  const [all] = await session.unsafe<{ count: number }[]>(`select count(*)::int as count from ${RUNS}`);
  const logged = await session.unsafe<{ hash: string }[]>(
    `select distinct hash from ${RUN_MIGRATIONS} where outcome = 'applied'`,
  );
  const known = new Set(logged.map(({ hash }) => hash));
  return {
    hasLog: true,
    runs,
    older: Math.max(0, (all?.count ?? 0) - runs.length),
    others: entries.filter(({ hash }) => !known.has(hash)),
  };
}

/**
 * Reads one run with its migrations, in their order; undefined if the log has none of that number.
 *
 * @throws TenantryError `role-insufficient` if this role may not read the log.
 */
export async function readRun(
  session: Session,
  id: string,
): Promise<{ readonly run: LoggedRun; readonly migrations: readonly LoggedMigration[] } | undefined> {
  if (!(await hasLog(session))) return undefined;
  const [run] = loggedRuns.parse(
    await session.unsafe(`select ${COLUMNS} from ${RUNS} r where r.id = $1::text::bigint`, [id]),
  );
  if (run === undefined) return undefined;
  const migrations = loggedMigrations.parse(
    await session.unsafe(
      `select migration as name, hash, mode, outcome, milliseconds::float8 as milliseconds,
         lock_wait_ms::float8 as "lockWaitMs", attempts, statements
       from ${RUN_MIGRATIONS} where run_id = $1::text::bigint order by position`,
      [id],
    ),
  );
  return { run, migrations };
}

async function hasLog(session: Session): Promise<boolean> {
  const [row] = await session<{ count: number; readable: boolean; role: string }[]>`
    select count(*)::int as count, current_user as role,
      coalesce(bool_and(has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')), true) as readable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${ENGINE_SCHEMA} and c.relname in ('runs', 'run_migrations') and c.relkind = 'r'`;
  if (row === undefined || row.count < 2) return false;
  if (row.readable) return true;
  throw new TenantryError({
    code: "role-insufficient",
    message: `${row.role} may not read the run log in the schema ${ENGINE_SCHEMA}.`,
    hint: "Run the command as the role that migrates: nobody else has anything to do there.",
  });
}
