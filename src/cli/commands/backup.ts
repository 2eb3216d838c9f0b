import { resolve } from "node:path";
import { z } from "zod";
import { createBackup } from "../../data/backup/create-backup.js";
import { backUpCreator } from "../backup/back-up-creator.js";
import { backupSettings, defaultBackupFolder, readDataProject } from "../backup/backup-settings.js";
import { formatBackup } from "../backup/format-backup.js";
import { INSTEAD_OF_BACKUPS } from "../backup/instead-of-backups.js";
import { createPgDump } from "../backup/pg-dump/create-pg-dump.js";
import { PASSPHRASE_OPTION, readPassphrase } from "../backup/read-passphrase.js";
import { defineCommand } from "../command.js";
import { requireDevelopment } from "../require-development.js";
import { resolveTarget } from "../target.js";

/** `tenantry backup`: all rows of a database into one file, in development. */
export const backupCommand = defineCommand({
  name: "backup",
  summary: "write the whole database into one file, and read it back to prove it (development)",
  example: "backup --keep 5",
  options: [
    { flags: "--folder <path>", description: "where to; default .tenantry/backups" },
    {
      flags: "--keep <number>",
      description: "leave the newest of this database, delete the older; default all",
    },
    { flags: "--format <name>", description: "tenantry, or pg_dump for an archive that pg_restore reads" },
    { flags: "--no-verify", description: "do not restore it into the shadow and compare" },
    { flags: "--creator <id>", description: "the rows of one creator alone; in production, too" },
    PASSPHRASE_OPTION,
  ],
  input: z
    .object({
      folder: z.string().min(1).optional(),
      keep: z.coerce.number().int().min(1).max(100_000).optional(),
      format: z.enum(["tenantry", "pg_dump"]).default("tenantry"),
      verify: z.boolean().default(true),
      creator: z.string().min(1).optional(),
      passphraseFile: z.string().min(1).optional(),
    })
    .refine(
      ({ creator, format, keep }) => creator === undefined || (format === "tenantry" && keep === undefined),
      {
        path: ["creator"],
        message: "a backup of one creator takes neither --format nor --keep",
      },
    )
    .refine(({ format, passphraseFile }) => format === "tenantry" || passphraseFile === undefined, {
      path: ["passphraseFile"],
      message: "an archive of pg_dump is not encrypted; use age or gpg on it",
    }),
  run: async (context, { folder, keep, format, verify, creator, passphraseFile }) => {
    if (creator !== undefined) return await backUpCreator(context, { creator, folder, passphraseFile });
    requireDevelopment(context, "backup", INSTEAD_OF_BACKUPS);
    const project = await readDataProject(await context.loadProject());
    const target = await resolveTarget(context);
    const directory = folder === undefined ? defaultBackupFolder(context) : resolve(folder);
    const settings = { ...(await backupSettings(context, project, target)), directory, keep, verify };
    if (format === "pg_dump") {
      const { text, warnings, ...data } = await createPgDump(settings, context.variables);
      return { exitCode: 0, data, text, warnings };
    }
    const passphrase = await readPassphrase(context, passphraseFile);
    const { manifest, warnings, ...report } = await createBackup({ ...settings, passphrase });
    return {
      exitCode: 0,
      data: { format, ...report, ...manifest },
      text: formatBackup({ ...report, manifest, warnings }),
      warnings,
    };
  },
});
