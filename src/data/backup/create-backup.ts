import { stat } from "node:fs/promises";
import { join } from "node:path";
import { TenantryError } from "../../core/errors.js";
import { type Logger, silentLogger } from "../../core/logger.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { readLedgerShape } from "../../migrate/ledger/ledger-shape.js";
import { planMigrations } from "../../migrate/plan/plan-migrations.js";
import { requireSoundPlan } from "../../migrate/plan/require-sound-plan.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import type { ConnectOptions, Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { withShadowTemplate } from "../../postgres/shadow-template.js";
import { createBackupWriter } from "../backup-file/backup-writer.js";
import { withByteSink } from "../backup-file/byte-sink.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { SchemaPlan } from "../build-schema.js";
import { buildSchema } from "../build-schema.js";
import type { DataProject, ShadowServer } from "../data-project.js";
import { endOnAbort } from "../end-on-abort.js";
import { loadBackup } from "../restore/load-backup.js";
import { readTables } from "../rows/read-tables.js";
import { nameBackup, readBackupSubject } from "./backup-name.js";
import { withDraft } from "./draft-file.js";
import { dumpDatabase } from "./dump-database.js";
import { explainDump } from "./explain-dump.js";
import { readBesideTables, readPartitions } from "./read-contents.js";
import { removeOldBackups } from "./remove-old-backups.js";

/** What to back up, and where to. */
export type BackupOptions = {
  /** The database, by a login that row security does not bind. */
  readonly url: URL;
  readonly connect?: ConnectOptions;
  readonly project: DataProject;
  /** Where the migrations are replayed, to know what is theirs, and where the backup is proof-read. */
  readonly shadow: ShadowServer;
  /** The folder of the backups; it is made (0700) if it is missing. */
  readonly directory: string;
  /** Encrypts the file in the age format. */
  readonly passphrase?: string | undefined;
  /** False: the file is not restored into the shadow and compared. Default true. */
  readonly verify?: boolean | undefined;
  /** How many backups of this database are left in the folder, this one among them. Default: all. */
  readonly keep?: number | undefined;
  /** Of tenantry. */
  readonly version: string;
  readonly logger?: Logger | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** What was backed up. */
export type BackupReport = {
  readonly file: string;
  readonly bytes: number;
  readonly rows: number;
  readonly encrypted: boolean;
  readonly verified: boolean;
  readonly manifest: Manifest;
  /** Older backups that `keep` had no room for. */
  readonly removed: readonly string[];
  readonly warnings: readonly string[];
};

/**
 * Writes all rows of a database, as of one moment, into one file of its own. The file gets its name when it is whole, on the
 * disk, and, unless asked otherwise, restored into the shadow and found equal there, table by table.
 *
 * @throws TenantryError `production-refused` for a database that is marked as production's, `backup-refused` for one that a
 * backup could not hold, `role-insufficient` for a role that does not see all rows, `backup-unproven` if what was restored is
 * not what was there, `migrations-folder` if ledger and folder do not agree, `disk`, `interrupted`.
 * @example
 * const { file } = await createBackup({ url, project, shadow, directory: ".tenantry/backups", version: "0.1.0" });
 */
export async function createBackup(options: BackupOptions): Promise<BackupReport> {
  const { url, connect, signal, logger = silentLogger } = options;
  const read = { ...connect, max: 1, canBeCut: true, applicationName: "tenantry backup" };
  return await withDatabase(url, read, (database) =>
    endOnAbort(database, signal, async () => {
      const { plan, subject } = await prepare(database, options);
      const path = join(
        options.directory,
        nameBackup(subject, options.passphrase === undefined ? "tenantry" : "tenantry.age"),
      );
      return await withShadow(options, plan, async (shadow) => {
        const made = {
          tables: await readTables(shadow),
          partitions: await readPartitions(shadow),
          beside: await readBesideTables(shadow),
        };
        const { manifest, warnings } = await withDraft(path, async (draft) => {
          const dumped = await withByteSink(draft, options.passphrase, (sink) =>
            dumpDatabase(database, createBackupWriter(sink), {
              plan,
              made,
              version: options.version,
              logger,
              signal,
            }),
          ).catch((thrown: unknown) => {
            throw explainDump(thrown);
          });
          if (options.verify !== false) {
            logger.info("reading it back into the shadow", { event: "backup-verifying" });
            const file = { path: draft, passphrase: options.passphrase, signal };
            await endOnAbort(shadow, signal, () => proofRead(shadow, file, dumped.manifest));
          }
          return dumped;
        });
        const { size } = await stat(path);
        const removed = options.keep === undefined ? [] : await removeOldBackups(path, subject, options.keep);
        return {
          file: path,
          bytes: size,
          rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
          encrypted: options.passphrase !== undefined,
          verified: options.verify !== false,
          manifest,
          removed,
          warnings,
        };
      });
    }),
  );
}

async function prepare(database: Database, { project }: BackupOptions) {
  const mark = await readEnvironmentMark(database);
  if (mark === "production") {
    throw new TenantryError({
      code: "production-refused",
      message: "This is a production database, and backups by tenantry are for development.",
      hint: "Use point-in-time recovery there (continuous archiving, by your provider, pgBackRest or WAL-G): it loses minutes at most, and it is restored to any moment.",
    });
  }
  const applied = planMigrations(project.folder, await readLedger(database, project.ledger));
  requireSoundPlan(applied);
  const shape = (await readLedgerShape(database, project.ledger))?.shape ?? "named";
  const plan: SchemaPlan = {
    migrations: applied.migrations.filter(({ state }) => state === "applied"),
    ledger: { ...project.ledger, shape },
  };
  return { plan, subject: await readBackupSubject(database) };
}

/** Runs a function with a copy of what the migrations make, and nothing else in it. */
async function withShadow<T>(
  { project, shadow, signal, logger = silentLogger }: BackupOptions,
  plan: SchemaPlan,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const content = [
    JSON.stringify(plan.ledger),
    ...plan.migrations.map(({ name, hash }) => `${name} ${hash}`),
  ];
  const build = async ({ database }: { readonly database: Database }) => {
    logger.info("replaying the migrations on the shadow", { event: "backup-shadow" });
    await buildSchema(database, plan, signal);
  };
  return await withShadowTemplate(
    {
      ...shadow,
      connect: { ...shadow.connect, canBeCut: true },
      family: `backup ${project.out}`,
      content,
      build,
    },
    ({ database }) => use(database),
  );
}

async function proofRead(
  shadow: Database,
  file: { readonly path: string; readonly passphrase: string | undefined },
  manifest: Manifest,
): Promise<void> {
  try {
    await loadBackup({ database: shadow, file, manifest });
  } catch (thrown) {
    if (!(thrown instanceof TenantryError) || thrown.code === "interrupted") throw thrown;
    throw new TenantryError({
      code: "backup-unproven",
      message: "The backup was restored into the shadow, and is not there what it is here.",
      details: [thrown.message, ...thrown.details],
      hint: "No file was left. If that is the shadow's fault and not the backup's, run it again with --no-verify.",
      cause: thrown,
    });
  }
}
