import { hostname } from "node:os";
import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import { qualify, quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";

const RUNS = qualify(ENGINE_SCHEMA, "runs");
const RUN_MIGRATIONS = qualify(ENGINE_SCHEMA, "run_migrations");

/** How a run, or one of its migrations, ended. `died`: it never said so, and the next run found it. */
export type RunOutcome = "applied" | "nothing" | "refused" | "failed" | "interrupted" | "died";

/** Who runs, and what. */
export type RunOrigin = {
  /** Such as `migrate` or `init`. */
  readonly command: string;
  readonly environment?: string | undefined;
  /** Of tenantry. */
  readonly version: string;
  /** Of the migrations' repository. */
  readonly gitRevision?: string | undefined;
  /** What the backup is called that was taken before; wants the engine's tables as this version makes them. */
  readonly backupRef?: string | undefined;
};

/** One statement, or several that were sent as one. No text: it may hold a password. */
export type StatementRecord = { readonly line: number; readonly milliseconds: number };

/** What the run log says about one migration. */
export type MigrationRecord = {
  readonly position: number;
  readonly migration: string;
  readonly hash: string;
  readonly mode: "transaction" | "steps";
  readonly outcome: "applied" | "failed" | "interrupted";
  readonly milliseconds: number;
  readonly lockWait: number;
  readonly attempts: number;
  readonly statements: readonly StatementRecord[];
};

/**
 * Begins a run in the log, and marks those that have died: whoever calls holds the migration lock, so that none of them
 * can be alive.
 *
 * @returns the run's id.
 */
export async function startRun(session: Session, ledger: string, origin: RunOrigin): Promise<string> {
  const { command, environment, version, gitRevision, backupRef } = origin;
  const backup = backupRef === undefined ? "" : ", backup_ref";
  const [row] = await session.unsafe<{ id: string }[]>(
    `with dead as (update ${RUNS} set outcome = 'died', finished_at = clock_timestamp() where outcome = 'running')
     insert into ${RUNS} (command, environment, ledger, host, version, git_revision${backup})
     values (${[command, environment, ledger, hostname(), version, gitRevision, ...(backup === "" ? [] : [backupRef])].map(literal).join(", ")}) returning id::text`,
  );
  return row?.id ?? "";
}

/** How a run ended. */
export type RunEnd = {
  readonly outcome: RunOutcome;
  readonly lockWait: number;
  readonly retries: number;
  readonly error?: unknown;
  readonly fingerprint?: string | undefined;
};

/**
 * Ends a run in the log. Its COMMIT is a synchronous one: what the run has committed before it, without waiting for the
 * disk, is on the disk too, since the server writes its log in order.
 */
export async function finishRun(session: Session, id: string, end: RunEnd): Promise<void> {
  const { outcome, lockWait, retries, error, fingerprint } = end;
  const values = [
    `outcome = ${literal(outcome)}`,
    `lock_wait_ms = ${Math.round(lockWait)}`,
    `retries = ${retries}`,
    `error_code = ${literal(error instanceof TenantryError ? error.code : undefined)}`,
    `error = ${literal(error === undefined ? undefined : messageOf(error))}`,
    `fingerprint = ${literal(fingerprint)}`,
  ];
  await session.unsafe(
    `update ${RUNS} set finished_at = clock_timestamp(), ${values.join(", ")} where id = ${quoteLiteral(id)}::bigint`,
  );
}

/** Records which edited files a run was told to accept, and why. */
export async function recordAccepted(
  session: Session,
  id: string,
  accepted: readonly {
    readonly migration: string;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  }[],
): Promise<void> {
  await session.unsafe(
    `update ${RUNS} set accepted = ${quoteLiteral(JSON.stringify(accepted))}::jsonb where id = ${quoteLiteral(id)}::bigint`,
  );
}

/** The statement that records a migration: in its transaction if it was applied, else behind what was rolled back. */
export function recordRunMigration(runId: string, record: MigrationRecord): string {
  const { position, migration, hash, mode, outcome, milliseconds, lockWait, attempts, statements } = record;
  const rounded = statements.map((each) => ({
    ...each,
    milliseconds: Math.round(each.milliseconds * 10) / 10,
  }));
  const values = [
    `${quoteLiteral(runId)}::bigint`,
    position,
    ...[migration, hash, mode, outcome].map(literal),
    Math.round(milliseconds),
    Math.round(lockWait),
    attempts,
    `${literal(JSON.stringify(rounded))}::jsonb`,
  ];
  return `insert into ${RUN_MIGRATIONS} (run_id, position, migration, hash, mode, outcome, milliseconds, lock_wait_ms, attempts, statements)
    values (${values.join(", ")}) on conflict (run_id, position) do update set outcome = excluded.outcome, milliseconds = excluded.milliseconds,
      lock_wait_ms = excluded.lock_wait_ms, attempts = excluded.attempts, statements = excluded.statements, finished_at = clock_timestamp()`;
}

/** A NUL character, which only a broken server would send, must not make the log fail. */
function literal(text: string | undefined): string {
  return text === undefined ? "null" : quoteLiteral(text.replaceAll("\0", ""));
}
