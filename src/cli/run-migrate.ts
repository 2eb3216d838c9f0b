import { TenantryError } from "../core/errors.js";
import { createJudge } from "../isolation/create-judge.js";
import type { Migration } from "../migrate/folder/migration.js";
import { readFolder } from "../migrate/folder/read-folder.js";
import { readLedger } from "../migrate/ledger/ledger.js";
import { planMigrations } from "../migrate/plan/plan-migrations.js";
import { requireSoundPlan } from "../migrate/plan/require-sound-plan.js";
import { applyMigrations } from "../migrate/run/apply-migrations.js";
import { openBackend } from "../migrate/run/backend.js";
import { readEnvironmentMark, requireEnvironment } from "../migrate/run/environment-mark.js";
import { fingerprintTarget } from "../migrate/run/fingerprint-target.js";
import type { MigrateOptions, MigrateResult } from "../migrate/run/migrate-options.js";
import { connectPatiently } from "../migrate/run/preflight/connect-patiently.js";
import { selectPending } from "../migrate/run/select-pending.js";
import { withDatabase } from "../postgres/connect.js";
import type { Context } from "./context.js";
import { ensureDatabase } from "./ensure-database.js";
import { protectData } from "./migrate/protect-data.js";
import type { TimeoutInput } from "./migrate-settings.js";
import { resolveTimeouts } from "./migrate-settings.js";
import { readPackageVersion } from "./package-version.js";
import type { Project } from "./project/project.js";
import { requireJoinableHeads } from "./proof/judge-heads.js";
import { requirePreflight } from "./proof/preflight.js";
import { readManifestDigest } from "./read-manifest-digest.js";
import { readRevision } from "./read-revision.js";
import type { Target } from "./target.js";
import { unlessStopped } from "./unless-stopped.js";

/** How to run, as it was typed. */
export type RunMigrateOptions = TimeoutInput & {
  /** In milliseconds. */
  readonly wait?: number | undefined;
  /** In seconds. */
  readonly lockWait?: number;
  readonly to?: string | undefined;
  readonly acceptEdited?: MigrateOptions["acceptEdited"];
  /** What the backup is called that somebody has taken. */
  readonly backupRef?: string | undefined;
  /** False: in development no backup is taken before data is dropped. */
  readonly backup?: boolean | undefined;
  /** What the run log is to call the command. Default `migrate`. */
  readonly command?: string;
};

/**
 * Judges the schema and what is pending, then applies it: the heart of `migrate` and `init`.
 *
 * @throws TenantryError as `requirePreflight` and `applyMigrations`, and `backup-required`.
 */
export async function runMigrate(
  context: Context,
  project: Project,
  target: Target,
  options: RunMigrateOptions,
): Promise<MigrateResult> {
  const folder = await readFolder(project.out);
  if (folder.length === 0) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `The migrations folder ${project.out} is empty.`,
      hint: 'Run "tenantry create init" to write the first migration.',
    });
  }
  const { expected } = await project.loadSchema();
  const connectWaitSeconds = (options.wait ?? 0) / 1000;
  if (connectWaitSeconds > 0) await waitForServer(context, target, connectWaitSeconds);
  await ensureDatabase(context, target);
  const pending = await readPending(context, project, target, folder, options);
  // With their parents, which is a file each: only where something is to be ordered.
  const ordered = pending.size > 0 ? await requireJoinableHeads(context, project, folder, pending) : folder;
  if (pending.size > 0) await requirePreflight(context, { project, expected, folder, pending });
  const { backupRef: given, backup } = options;
  const backupRef = await protectData(context, project, target, {
    ...{ expected, folder: ordered, pending, backupRef: given, backup },
  });
  return await applyMigrations({
    url: target.url,
    connect: target.connect,
    folder: ordered,
    ledger: project.ledger,
    adminRole: project.settings.roles.admin,
    lockWaitSeconds: options.lockWait ?? 60,
    connectWaitSeconds,
    timeouts: resolveTimeouts(options, project.settings.migrate),
    to: options.to,
    acceptEdited: options.acceptEdited,
    environment: context.environment,
    origin: {
      command: options.command ?? "migrate",
      version: readPackageVersion(),
      gitRevision: (await readRevision(context, project))?.revision,
      backupRef,
    },
    logger: context.logger,
    signal: context.signal,
    judge: await createJudge(expected),
    fingerprint: fingerprintTarget,
    manifestDigest: await readManifestDigest(project),
  });
}

/** A server that does not answer yet; what else may be wrong is said later. */
async function waitForServer(context: Context, target: Target, waitSeconds: number): Promise<void> {
  const { logger, signal } = context;
  const connect = () => openBackend(target.url, target.connect);
  try {
    const backend = await connectPatiently(connect, { waitSeconds, logger, signal });
    await backend.close();
  } catch (thrown) {
    // In development it is made.
    if (!(thrown instanceof TenantryError) || thrown.code !== "database-missing") throw thrown;
  }
}

/** The names of what is about to run, as far as can be said before the lock is held. */
async function readPending(
  context: Context,
  project: Project,
  target: Target,
  folder: readonly Migration[],
  { to, acceptEdited }: RunMigrateOptions,
): Promise<ReadonlySet<string>> {
  const ledger = await withDatabase(target.url, target.connect, async (database) => {
    requireEnvironment(await readEnvironmentMark(database), context.environment);
    return await unlessStopped(context.signal, readLedger(database, project.ledger));
  });
  const plan = planMigrations(folder, ledger);
  requireSoundPlan(plan, { acceptEdited: acceptEdited?.names ?? [] });
  return new Set(selectPending(plan, to).map(({ name }) => name));
}
