import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import { silentLogger } from "../../core/logger.js";
import type { Judge } from "../../isolation/create-judge.js";
import { ensureLedger, readLedger } from "../ledger/ledger.js";
import { upgradeLedger } from "../ledger/upgrade-ledger.js";
import type { Plan, PlannedMigration } from "../plan/plan-migrations.js";
import { planMigrations } from "../plan/plan-migrations.js";
import { requireSoundPlan } from "../plan/require-sound-plan.js";
import { acceptEdited } from "./accept-edited.js";
import { applyOne } from "./apply-one.js";
import type { Backend } from "./backend.js";
import { catalogWritesQuery } from "./catalog-writes.js";
import { ledgerName, readUnfinished } from "./checkpoints.js";
import { engineError } from "./engine-error.js";
import { ensureEngineTables, hasEngineTables } from "./engine-tables.js";
import type { LockWatch } from "./lock-watch.js";
import { watchLocks } from "./lock-watch.js";
import { writeManifestMark } from "./manifest-mark.js";
import type { AppliedMigration, ApplyResult, MigrateOptions, MigrateResult } from "./migrate-options.js";
import type { OpenRun } from "./open-run.js";
import { withOpenRun } from "./open-run.js";
import { readPatiently } from "./read-patiently.js";
import { prepareRowSecurity } from "./row-security.js";
import type { RunAudit } from "./run-audit.js";
import type { RunContext } from "./run-context.js";
import type { RunEnd, RunOrigin } from "./run-log.js";
import { finishRun, recordAccepted, startRun } from "./run-log.js";
import { selectPending } from "./select-pending.js";
import { stoppable } from "./stoppable.js";
import { DEFAULT_TIMEOUTS } from "./timeouts.js";
import { withStop } from "./with-stop.js";

export type { MigrateOptions, MigrateResult } from "./migrate-options.js";

/**
 * Applies what is pending, as {@link apply}, and throws what stood in its way.
 *
 * @throws TenantryError `migration-failed` with the statement, `isolation` with what would be unprotected and by which
 * statement, `lock-timeout`, `migrations-folder`, `interrupted`, and what {@link apply} refuses a run for.
 */
export async function applyMigrations(options: MigrateOptions): Promise<MigrateResult> {
  const result = await apply(options);
  if ("error" in result) throw result.error;
  return result;
}

/**
 * Applies what is pending under the migration lock: one transaction for each migration, its ledger row inside; step by step
 * what cannot be in one. Expected failures are results and not exceptions.
 *
 * @example
 * const result = await apply({ url, folder: await readFolder("drizzle"), ledger: DEFAULT_LEDGER, adminRole: "app_admin" });
 * if (result.outcome === "failed") console.error(result.error.message, result.applied);
 */
export async function apply(options: MigrateOptions): Promise<ApplyResult> {
  const logger = options.logger ?? silentLogger;
  const applied: AppliedMigration[] = [];
  const warnings: string[] = [];
  const deadline = options.timeouts?.deadline ?? DEFAULT_TIMEOUTS.deadline;
  let hasBegun = false;
  try {
    await withStop({ signal: options.signal, deadline }, (stop, watchFor) =>
      withOpenRun(options, logger, stop, async (open) => {
        watchFor(open.lock);
        warnings.push(...open.warnings);
        for (const warning of open.warnings) logger.warn(warning, { event: "preflight" });
        const begin = () => {
          hasBegun = true;
        };
        await run(options, open, { logger, stop, applied, begin });
      }),
    );
    return { outcome: applied.length > 0 ? "applied" : "nothing", applied, warnings };
  } catch (thrown) {
    const error = engineError(thrown);
    if (!(error instanceof TenantryError)) throw error;
    const outcome = error.code === "interrupted" ? "interrupted" : hasBegun ? "failed" : "refused";
    return { outcome, error, applied, warnings };
  }
}

type Progress = {
  readonly logger: Logger;
  readonly stop: AbortSignal;
  readonly applied: AppliedMigration[];
  readonly begin: () => void;
};

async function run(options: MigrateOptions, open: OpenRun, progress: Progress): Promise<void> {
  const watch = watchLocks(open.lock, open.worker, (blocker) =>
    progress.logger.info(`waiting for a lock: ${blocker}`, { event: "lock-blocked", blocker }),
  );
  try {
    await runWatched(options, open, progress, watch);
  } finally {
    watch.stop();
  }
}

async function runWatched(
  options: MigrateOptions,
  open: OpenRun,
  progress: Progress,
  watch: LockWatch,
): Promise<void> {
  const { worker, lock } = open;
  const { session } = worker;
  const { folder, ledger } = options;
  const { logger, stop } = progress;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const read = <T>(work: () => Promise<T>) =>
    readPatiently({ worker, lock, watch, timeouts, logger, stop }, work);
  const accepted = options.acceptEdited ?? { names: [], reason: "" };
  const plan = await read(async () => planMigrations(folder, await readLedger(session, ledger)));
  requireSoundPlan(plan, { acceptEdited: accepted.names });
  const pending = selectPending(plan, options.to);
  const isWhole = pending.length === selectPending(plan, undefined).length;
  const edited = plan.migrations.filter(
    ({ state, name }) => state === "edited" && accepted.names.includes(name),
  );
  const isIdle = pending.length === 0 && edited.length === 0;
  if (!isIdle) open.requireWritable();
  // The column for it is made with the tables, and only a run that does something makes them.
  const origin = { ...originOf(options), ...(isIdle ? { backupRef: undefined } : {}) };
  const shape = await read(async () => {
    await upgradeLedger(session, ledger, folder);
    const found = await ensureLedger(session, ledger, folder);
    if (!isIdle) await ensureEngineTables(session);
    return found;
  });
  // Of a run that has nothing to do, nothing is made.
  if (isIdle && !(await read(() => hasEngineTables(session)))) return;
  const runId = await read(() => startRun(session, ledgerName(ledger), origin));
  let retries = 0;
  const unwritten: string[] = [];
  const end = async (outcome: RunEnd["outcome"], error?: unknown) => {
    const backend = worker.isLost() ? open.lock : worker;
    const fingerprint =
      outcome === "applied" ? await takeFingerprint(options, session, read, logger) : undefined;
    const lockWait = open.lockWait + watch.waited();
    await backend.guard(async () => {
      const reset = "reset session authorization; reset role; reset all";
      await backend.session.unsafe([reset, ...unwritten].join("; "));
      await finishRun(backend.session, runId, { outcome, lockWait, retries, error, fingerprint });
      if (isWhole && (outcome === "applied" || outcome === "nothing"))
        await recordManifest(backend, options, logger);
    });
  };
  try {
    if (edited.length > 0) {
      progress.begin();
      const edits = await read(() => acceptEdited(session, ledger, edited, accepted.reason));
      await worker.guard(() => recordAccepted(session, runId, edits));
    }
    if (pending.length > 0) {
      const context: RunContext = {
        worker,
        lock,
        watch,
        ledger,
        shape,
        adminRole: options.adminRole,
        rowSecurity: await worker.guard(() => prepareRowSecurity(session, options.adminRole, pending)),
        timeouts,
        logger,
        stop,
        runId,
        catalogWrites:
          options.judge === undefined ? "" : await worker.guard(() => catalogWritesQuery(session)),
        sessionSettings: open.sessionSettings,
        unwritten,
        audit: await read(() => beginAudit(session, plan, options.judge)),
      };
      const onRetry = () => {
        retries += 1;
      };
      await applyPending(context, pending, accepted.names, progress, onRetry);
    }
    await end(pending.length > 0 || edited.length > 0 ? "applied" : "nothing");
  } catch (thrown) {
    const outcome = stop.aborted ? "interrupted" : "failed";
    // Where it cannot be written down, the failure itself is what must be told.
    await end(outcome, thrown).catch((why: unknown) =>
      logger.warn(`the run log could not be written: ${messageOf(why)}`, {
        event: "run-log-failed",
      }),
    );
    throw thrown;
  }
}

/** What is applied is applied, also where nobody can look at it: somebody holds a table, or the run is told to stop. */
async function takeFingerprint(
  { fingerprint }: MigrateOptions,
  session: Backend["session"],
  read: <T>(work: () => Promise<T>) => Promise<T>,
  logger: Logger,
): Promise<string | undefined> {
  if (fingerprint === undefined) return undefined;
  try {
    return await read(() => fingerprint(session));
  } catch (thrown) {
    logger.warn(`the run log has no fingerprint of this run: ${messageOf(thrown)}`, {
      event: "fingerprint-missing",
    });
    return undefined;
  }
}

/** Services compare it when they connect. What is applied stays applied where it cannot be recorded. */
async function recordManifest(
  { session }: Backend,
  { manifestDigest }: MigrateOptions,
  logger: Logger,
): Promise<void> {
  if (manifestDigest === undefined) return;
  try {
    await writeManifestMark(session, manifestDigest);
  } catch (thrown) {
    logger.warn(
      `the manifest's digest could not be recorded, so services may refuse to start: ${messageOf(thrown)}`,
      {
        event: "manifest-unrecorded",
      },
    );
  }
}

async function applyPending(
  context: RunContext,
  pending: readonly PlannedMigration[],
  accepted: readonly string[],
  { logger, applied, begin }: Progress,
  onRetry: () => void,
): Promise<void> {
  const { worker } = context;
  const partial = await worker.guard(() => readUnfinished(worker.session, ledgerName(context.ledger)));
  for (const [index, migration] of pending.entries()) {
    begin();
    const { name } = migration;
    logger.info(`applying ${name}`, { event: "migration-started", migration: name });
    const record = await stoppable(context, () =>
      applyOne(context, {
        migration,
        position: index + 1,
        later: pending.slice(index + 1).map(({ sql }) => sql),
        isPartial: partial.includes(name),
        accepted: accepted.includes(name),
        onRetry,
      }),
    );
    const milliseconds = Math.round(record.milliseconds);
    const { attempts, lockWait } = record;
    logger.info(`applied ${name} in ${milliseconds} ms`, {
      event: "migration-applied",
      migration: name,
      milliseconds,
      attempts,
      lockWait,
    });
    applied.push({ name, milliseconds });
  }
}

async function beginAudit(
  session: Backend["session"],
  plan: Plan,
  judge: Judge | undefined,
): Promise<RunAudit | undefined> {
  if (judge === undefined) return undefined;
  await session.unsafe("begin isolation level repeatable read, read only");
  // Rolled back also where it failed: it may be tried again.
  const start = await judge(session).finally(() => session.unsafe("rollback"));
  const isEmpty = [...start.relations].every((subject) => subject.startsWith(`${ENGINE_SCHEMA}.`));
  const isFresh = isEmpty && plan.migrations.every(({ state }) => state === "pending");
  return { judge, start, latest: { judgement: start }, isFresh };
}

function originOf({ origin, environment }: MigrateOptions): RunOrigin {
  return { command: "apply", version: "", environment, ...origin };
}
