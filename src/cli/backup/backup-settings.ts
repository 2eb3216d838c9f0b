import { join } from "node:path";
import type { BackupOptions } from "../../data/backup/create-backup.js";
import type { DataProject } from "../../data/data-project.js";
import { readOrderedFolder } from "../arrive/with-project-replay.js";
import type { Context } from "../context.js";
import { readPackageVersion } from "../package-version.js";
import type { Project } from "../project/project.js";
import type { Target } from "../target.js";
import { resolveShadowServer } from "../target.js";
import { readPassphrase } from "./read-passphrase.js";

/** Where backups are, unless another folder is named. */
export function defaultBackupFolder({ directory }: Pick<Context, "directory">): string {
  return join(directory, ".tenantry", "backups");
}

/** The part of a project that backups need. */
export async function readDataProject(project: Project): Promise<DataProject> {
  return { out: project.out, folder: await readOrderedFolder(project), ledger: project.ledger };
}

/**
 * What a backup of a command's target needs, with the passphrase that the environment has.
 *
 * @throws TenantryError as `resolveShadowServer` and `readOrderedFolder`.
 */
export async function backupSettings(
  context: Context,
  project: DataProject,
  target: Target,
): Promise<BackupOptions> {
  return {
    url: target.url,
    connect: target.connect,
    project,
    shadow: { server: await resolveShadowServer(context), connect: { urlName: "SHADOW_DATABASE_URL" } },
    directory: defaultBackupFolder(context),
    passphrase: await readPassphrase(context, undefined),
    version: readPackageVersion(),
    logger: context.logger,
    signal: context.signal,
  };
}
