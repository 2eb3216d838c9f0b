import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import { silentLogger } from "../../core/logger.js";
import { excerptSql } from "../../core/sql-excerpt.js";
import type { Judge, Judgement } from "../../isolation/create-judge.js";
import type { ConnectOptions, Database, Session } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import type { Migration } from "../folder/read-folder.js";
import { splitBreakpoints } from "../folder/read-folder.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import { ensureLedger, readLedger, recordMigration } from "../ledger/ledger.js";
import type { Plan } from "../plan/plan-migrations.js";
import { pendingMigrations, planMigrations, requireSoundPlan } from "../plan/plan-migrations.js";
import { auditTransaction, explainUnprotected, UnprotectedError } from "./audit-transaction.js";
import { interrupted, withMigrationLock } from "./migration-lock.js";
import { refuseTransactionControl } from "./transaction-control.js";

/** What a run needs to know. */
export type MigrateOptions = {
  readonly url: URL;
  readonly folder: readonly Migration[];
  readonly ledger: LedgerPlace;
  /** The role whose policies let a migrator through that nothing else exempts from row security. */
  readonly adminRole: string;
  /** Seconds to wait for another migrator. Default 60. */
  readonly lockWaitSeconds?: number;
  readonly connect?: ConnectOptions;
  readonly logger?: Logger;
  /** Cancels the statement under way and rolls back. */
  readonly signal?: AbortSignal;
  /**
   * Judges the database before the run, and again inside each migration's transaction before COMMIT: a migration that
   * would leave something unprotected is rolled back. Without it nothing is judged.
   */
  readonly judge?: Judge | undefined;
};

/** What a run did. */
export type MigrateResult = {
  readonly applied: readonly { readonly name: string; readonly milliseconds: number }[];
};

/**
 * Applies what is pending: one transaction for each migration, its ledger row inside, under the migration lock.
 *
 * @throws TenantryError `migration-failed` with the statement, `isolation` with what would be unprotected and by which
 * statement, `lock-timeout`, `migrations-folder`, `interrupted`.
 */
export async function applyMigrations(options: MigrateOptions): Promise<MigrateResult> {
  const logger = options.logger ?? silentLogger;
  const lock = {
    ...options.connect,
    waitSeconds: options.lockWaitSeconds ?? 60,
    signal: options.signal,
    onWait: (holder: string) => logger.info(`waiting for another migrator: ${holder}`),
  };
  return await withMigrationLock(options.url, lock, () =>
    withDatabase(
      options.url,
      { ...options.connect, applicationName: "tenantry migrate" },
      async (database) => {
        await ensureLedger(database, options.ledger);
        const plan = planMigrations(options.folder, await readLedger(database, options.ledger));
        requireSoundPlan(plan);
        const applied: { name: string; milliseconds: number }[] = [];
        const pending = pendingMigrations(plan);
        const audit = pending.length === 0 ? undefined : await beginAudit(database, plan, options.judge);
        for (const [index, migration] of pending.entries()) {
          const started = performance.now();
          const later = pending.slice(index + 1).map(({ sql }) => sql);
          await applyOne(database, migration, options, audit && { ...audit, later });
          const milliseconds = Math.round(performance.now() - started);
          logger.info(`applied ${migration.name} in ${milliseconds} ms`);
          applied.push({ name: migration.name, milliseconds });
        }
        return { applied };
      },
    ),
  );
}

/** The audits of a run, as far as it has come. */
type RunAudit = {
  readonly judge: Judge;
  readonly start: Judgement;
  /** Before the next migration; kept up to date. */
  readonly latest: { judgement: Judgement };
  /** True if nobody's rows can be in the tables yet: then only the end of the run counts. */
  readonly isFresh: boolean;
};

async function beginAudit(
  database: Database,
  plan: Plan,
  judge: Judge | undefined,
): Promise<RunAudit | undefined> {
  if (judge === undefined) return undefined;
  const start = await judge(database);
  const isFresh = plan.migrations.every(({ state }) => state === "pending") && start.relations.size === 0;
  return { judge, start, latest: { judgement: start }, isFresh };
}

async function applyOne(
  database: Database,
  migration: Migration,
  options: MigrateOptions,
  audit: (RunAudit & { readonly later: readonly string[] }) | undefined,
): Promise<void> {
  // What an earlier one has set for the session (a search path, as dumps do) is not for this one.
  await database.unsafe("reset session authorization; reset role; reset all").simple();
  try {
    await database.begin(async (session) => {
      await settleRowSecurity(session, options.adminRole);
      await runSql(session, migration, options.signal);
      if (audit !== undefined && (audit.later.length === 0 || !audit.isFresh)) {
        const { judge, start, later } = audit;
        const before = audit.latest.judgement;
        audit.latest.judgement = await auditTransaction(session, judge, { start, before, later });
      }
      await recordMigration(session, options.ledger, migration);
    });
  } catch (thrown) {
    if (thrown instanceof UnprotectedError && audit !== undefined) {
      throw await explainUnprotected(database, migration, thrown, audit.judge, (session) =>
        settleRowSecurity(session, options.adminRole),
      );
    }
    // Not one of the migration's statements, but the end of it: a deferred constraint, say.
    throw thrown instanceof TenantryError ? thrown : statementError(migration, "commit", thrown);
  }
}

/**
 * FORCE binds the owner: an owner that no policy lets through would update nothing, silently. With row_security off
 * PostgreSQL fails loudly instead. A member of the admin role has a policy, and needs it on; but not one whom a
 * restrictive policy confines, such as the floor a member of both roles: it would again see nothing.
 */
async function settleRowSecurity(session: Session, adminRole: string): Promise<void> {
  await session`
    select set_config('row_security', case when
      exists (select from pg_roles where rolname = ${adminRole} and pg_has_role(current_user, oid, 'usage'))
      and not exists (select from pg_policy, unnest(polroles) as bound
                      where not polpermissive and (bound = 0 or pg_has_role(current_user, bound, 'usage')))
      then 'on' else 'off' end, true)`;
}

/** Runs a migration's SQL, statement group by statement group, on an open transaction. */
export async function runSql(
  session: Session,
  migration: Pick<Migration, "name" | "file" | "sql">,
  signal?: AbortSignal,
): Promise<void> {
  const chunks = splitBreakpoints(migration.sql);
  for (const chunk of chunks) await refuseTransactionControl(migration, chunk);
  for (const chunk of chunks) {
    if (isAborted(signal)) throw interrupted();
    const query = session.unsafe(chunk).simple();
    const cancel = () => query.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      await query;
    } catch (thrown) {
      throw isAborted(signal) ? interrupted(thrown) : statementError(migration, chunk, thrown);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function statementError(
  migration: Pick<Migration, "name" | "file">,
  chunk: string,
  thrown: unknown,
): unknown {
  const state = codeOf(thrown);
  if (state === undefined) return thrown;
  const field = (name: string): string | undefined => {
    const value: unknown =
      typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, name) : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const position = field("position");
  return new TenantryError({
    code: "migration-failed",
    message: `Migration ${migration.name} failed: ${messageOf(thrown)} (${state}).`,
    details: [
      ...excerptSql(chunk, position === undefined ? undefined : Number(position)),
      ...["detail", "hint", "where"].flatMap((name) => field(name) ?? []),
    ],
    hint: `Nothing of it was applied. Correct ${migration.file}, then run "tenantry migrate" again.`,
    cause: thrown,
  });
}
