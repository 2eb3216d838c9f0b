import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { confirm, isCancel } from "@clack/prompts";
import { z } from "zod";
import { countOf } from "../../core/count-of.js";
import { describeTarget, onDatabase } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { fitIdentifier } from "../../core/identifiers.js";
import { createBackup } from "../../data/backup/create-backup.js";
import type { RestoreReport } from "../../data/restore/restore-backup.js";
import { restoreBackup } from "../../data/restore/restore-backup.js";
import { backupSettings, defaultBackupFolder, readDataProject } from "../backup/backup-settings.js";
import { INSTEAD_OF_BACKUPS } from "../backup/instead-of-backups.js";
import { PASSPHRASE_OPTION, readPassphrase } from "../backup/read-passphrase.js";
import { restoreCreator } from "../backup/restore-creator.js";
import { DRY_RUN, defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { reasonInput } from "../erase/reason-input.js";
import { requireDevelopment } from "../require-development.js";
import { runMigrate } from "../run-migrate.js";
import { resolveTarget } from "../target.js";

/** `tenantry restore`: a backup into a database of its own, or in the place of one. */
export const restoreCommand = defineCommand({
  name: "restore",
  summary: "restore a backup into a new database, or in the place of one (development)",
  example: "restore .tenantry/backups/app.tenantry --into app --yes",
  argument: { name: "file", description: "the backup" },
  options: [
    { flags: "--into <name>", description: "the database; default: a new one, whose name is printed" },
    { flags: "--yes", description: "replace the database if it is there; a backup of it is taken first" },
    { flags: "--creator <id>", description: "one creator's rows into this database; in production, too" },
    { flags: "--reason <text>", description: "with --creator: why, for the audit" },
    PASSPHRASE_OPTION,
    { ...DRY_RUN, description: "read the whole file, print what would be done, and change nothing" },
  ],
  input: z.object({
    file: z.string().min(1).optional(),
    into: z.string().min(1).optional(),
    yes: z.boolean().default(false),
    creator: z.string().min(1).optional(),
    reason: reasonInput,
    passphraseFile: z.string().min(1).optional(),
    dryRun: z.boolean().default(false),
  }),
  run: async (context, { file, into, yes, creator, reason, passphraseFile, dryRun }) => {
    if (creator !== undefined && file !== undefined)
      return await restoreCreator(context, {
        ...{ creator, file: findFile(context, file), into, yes, reason, passphraseFile, dryRun },
      });
    requireDevelopment(context, "restore", INSTEAD_OF_BACKUPS);
    if (file === undefined) throw noFile(context);
    const loaded = await context.loadProject();
    const project = await readDataProject(loaded);
    const passphrase = await readPassphrase(context, passphraseFile);
    const target = await resolveTarget(context);
    const { database } = describeTarget(target.url);
    const name = into ?? nameRestored(database);
    const settings = yes && !dryRun ? await backupSettings(context, project, target) : undefined;
    const report = await restoreBackup({
      file: findFile(context, file),
      passphrase,
      url: target.url,
      connect: target.connect,
      project,
      into: name,
      isDevelopment: target.embedded || context.isEnvironmentNamed,
      ...(settings === undefined
        ? {}
        : { replace: { backUp: (url) => createBackup({ ...settings, url, passphrase }) } }),
      dryRun,
      logger: context.logger,
      signal: context.signal,
    });
    const restored = new Set(report.manifest.position.migrations.map((migration) => migration.name));
    const pending = project.folder
      .filter((migration) => !restored.has(migration.name))
      .map((one) => one.name);
    const { manifest, warnings, ...told } = report;
    const { database: source, ...backup } = manifest;
    const data = { ...backup, source, ...told, pending, dryRun };
    const text = dryRun ? report.steps.join("\n") : describe(report, pending, name === database);
    if (dryRun || pending.length === 0 || !context.interactive) return { exitCode: 0, data, text, warnings };
    const isWanted = await confirm({
      message: `${countOf(pending.length, "migration")} of the folder came after this backup. Apply now?`,
      output: process.stderr,
    });
    if (isCancel(isWanted) || !isWanted) return { exitCode: 0, data, text, warnings };
    const { applied } = await runMigrate(
      context,
      loaded,
      { ...target, url: onDatabase(target.url, name) },
      {},
    );
    return {
      exitCode: 0,
      data: { ...data, pending: [], applied },
      text: `${describe(report, [], true)}\nApplied ${countOf(applied.length, "migration")}.`,
      warnings,
    };
  },
});

/** As it was typed, or by its name in the folder of the backups. */
function findFile(context: Context, file: string): string {
  const inFolder = resolve(defaultBackupFolder(context), file);
  return !existsSync(resolve(file)) && existsSync(inFolder) ? inFolder : resolve(file);
}

function nameRestored(database: string): string {
  const time = new Date()
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, "")
    .toLowerCase();
  return fitIdentifier(database, `_restored_${time}`);
}

function noFile(context: Context): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: "Which backup?",
    hint: `Name its file: tenantry restore FILE. Those of "tenantry backup" are in ${defaultBackupFolder(context)}.`,
  });
}

function describe(report: RestoreReport, pending: readonly string[], isTarget: boolean): string {
  const { database, rows, manifest, backup, kept } = report;
  const next = isTarget ? "tenantry migrate" : `point DATABASE_URL at ${database} and run tenantry migrate`;
  return [
    `Restored ${countOf(rows, "row")} of ${countOf(manifest.tables.length, "table")} into ${database}, as of ${manifest.createdAt}.`,
    "Counts and checksums of all tables are those of the backup.",
    ...(backup === undefined ? [] : [`What was there is in ${backup}`]),
    ...(kept === undefined ? [] : [`and, with what was written after that, in the database ${kept}`]),
    ...(pending.length === 0 ? [] : [`${countOf(pending.length, "migration")} came after it: ${next}`]),
  ].join("\n");
}
