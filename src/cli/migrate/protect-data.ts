import { relative } from "node:path";
import { TenantryError } from "../../core/errors.js";
import { createBackup } from "../../data/backup/create-backup.js";
import type { Expected } from "../../isolation/expected.js";
import type { PlannedDestruction } from "../../migrate/endangered/find-destructions.js";
import { findDestructions } from "../../migrate/endangered/find-destructions.js";
import { findEndangered } from "../../migrate/endangered/find-endangered.js";
import type { Migration } from "../../migrate/folder/migration.js";
import { withDatabase } from "../../postgres/connect.js";
import { backupSettings, readDataProject } from "../backup/backup-settings.js";
import type { Context } from "../context.js";
import type { Project } from "../project/project.js";
import type { Target } from "../target.js";
import { runBackupHook } from "./run-backup-hook.js";

/** What is about to run, and what was said about backups. */
export type ProtectRequest = {
  readonly expected: Expected;
  /** In the order in which it is applied. */
  readonly folder: readonly Migration[];
  readonly pending: ReadonlySet<string>;
  /** What the backup is called that somebody has taken. */
  readonly backupRef?: string | undefined;
  /** False: in development none is taken. */
  readonly backup?: boolean | undefined;
};

/** What pending migrations would take away or write over of what the target has. */
export async function readEndangered(
  project: Project,
  target: Target,
  { expected, folder, pending }: ProtectRequest,
): Promise<PlannedDestruction[]> {
  const planned = await findDestructions(expected, folder, pending);
  if (planned.length === 0) return [];
  return await withDatabase(target.url, target.connect, (database) =>
    findEndangered(database, planned, project.ledger),
  );
}

/** One of them as people read it. */
export function describeEndangered({ what, migration, line }: PlannedDestruction): string {
  return `${migration}, line ${line}: ${what}`;
}

/**
 * Sees to it that there is a backup before migrations drop or write over data: in development one is taken, elsewhere it must
 * be named, or the project's hook takes it.
 *
 * @returns what the backup is called, for the run log; undefined if there is none.
 * @throws TenantryError `backup-required`, and as `createBackup` and `runBackupHook`. Nothing was applied.
 */
export async function protectData(
  context: Context,
  project: Project,
  target: Target,
  request: ProtectRequest,
): Promise<string | undefined> {
  const { backupRef, backup = true } = request;
  if (request.pending.size === 0 || backupRef !== undefined) return backupRef;
  const isDevelopment = context.environment === "development";
  if (isDevelopment && !backup) return undefined;
  const endangered = await readEndangered(project, target, request);
  if (endangered.length === 0) return undefined;
  const details = endangered.map(describeEndangered);
  for (const line of details) context.logger.info(line, { event: "data-endangered" });
  if (isDevelopment) return await takeBackup(context, project, target);
  const { backupHook } = project.settings;
  if (backupHook === undefined) throw required(context, details);
  context.logger.info("running the backupHook", { event: "backup-hook" });
  const reference = await runBackupHook(context, backupHook, {
    DATABASE_URL: target.url.href,
    TENANTRY_ENV: context.environment,
    TENANTRY_MIGRATIONS: [...request.pending].join(","),
  });
  return reference === "" ? "by the backupHook" : `by the backupHook: ${reference}`;
}

async function takeBackup(context: Context, project: Project, target: Target): Promise<string> {
  try {
    const settings = await backupSettings(context, await readDataProject(project), target);
    const { file } = await createBackup(settings);
    context.logger.info(`backed up into ${file}`, { event: "backup-taken", file });
    return relative(context.directory, file);
  } catch (thrown) {
    if (!(thrown instanceof TenantryError) || thrown.code === "interrupted") throw thrown;
    const { code, message, details } = thrown;
    const hint = `Nothing was applied. ${thrown.hint ?? ""} Or migrate without a backup: --no-backup.`;
    throw new TenantryError({ code, message, details, hint, cause: thrown });
  }
}

function required({ environment }: Context, details: readonly string[]): TenantryError {
  return new TenantryError({
    code: "backup-required",
    message: `What is pending drops or writes over data, and nobody has named a backup of this ${environment} database.`,
    details,
    hint: "Nothing was applied. Take a backup, and name it: --backup-ref snapshot-4711; it stands in the run log. Or let a command take it: defineTenancy({ backupHook }).",
  });
}
