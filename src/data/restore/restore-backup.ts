import { basename } from "node:path";
import { onDatabase } from "../../core/database-url.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import { type Logger, silentLogger } from "../../core/logger.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import { fingerprintTarget } from "../../migrate/run/fingerprint-target.js";
import { throwIfStopped } from "../../migrate/run/interrupted.js";
import type { ConnectOptions, Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import type { BackupReport } from "../backup/create-backup.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { BackupFile } from "../backup-file/read-frames.js";
import { readManifest } from "../backup-file/read-frames.js";
import type { SchemaPlan } from "../build-schema.js";
import { buildSchema } from "../build-schema.js";
import type { DataProject } from "../data-project.js";
import { endOnAbort } from "../end-on-abort.js";
import { claimNames, sweepRestores } from "./claim-name.js";
import { createDatabase } from "./create-database.js";
import { loadBackup } from "./load-backup.js";
import { requireMigrations } from "./require-migrations.js";
import { copyDatabaseProperties, renameDatabase, swapDatabases } from "./swap-databases.js";

/** Every server has it; databases are made and renamed from there. */
const MAINTENANCE_DATABASE = "postgres";

/** What to restore, and where. */
export type RestoreOptions = {
  /** The backup. */
  readonly file: string;
  readonly passphrase?: string | undefined;
  /** A login of the server that may make databases; its own database is not touched unless `into` names it. */
  readonly url: URL;
  readonly connect?: ConnectOptions;
  readonly project: DataProject;
  /** The database's name. */
  readonly into: string;
  /** Replaces a database of that name; without it one that is there is an error. */
  readonly replace?: {
    /** Takes a backup of it first; a failure keeps it from being replaced. */
    readonly backUp: (url: URL) => Promise<BackupReport>;
  };
  /** True if somebody has said that the server is development's: then a database without a mark may be replaced, too. */
  readonly isDevelopment?: boolean | undefined;
  /** Looks at everything and changes nothing. */
  readonly dryRun?: boolean | undefined;
  readonly logger?: Logger | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** What was restored. */
export type RestoreReport = {
  readonly database: string;
  readonly manifest: Manifest;
  readonly rows: number;
  readonly replaced: boolean;
  /** Where the database that was replaced is kept. */
  readonly backup: string | undefined;
  /** What was done, or would be, one statement or act each. */
  readonly steps: readonly string[];
  readonly warnings: readonly string[];
};

/**
 * Restores a backup into a database of this name. It is built, loaded and compared under another name, which it loses in one
 * step: whenever this is stopped or killed, the name means what it meant before, or the whole of the backup.
 *
 * @throws TenantryError `backup-invalid` for a file that is not whole, before anything is touched; `migrations-folder` if the
 * folder cannot make its tables; `production-refused`; `argument-invalid` for a database that is there, without `replace`;
 * `restore-failed`, `interrupted`; and as `openDatabase`.
 * @example
 * await restoreBackup({ file, url, project, into: "app_restored" });
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { url, connect, project, into, signal, logger = silentLogger } = options;
  const file: BackupFile = { path: options.file, passphrase: options.passphrase, signal };
  requireName(into);
  const manifest = await readManifest(file).catch((thrown: unknown) => {
    throwIfStopped(signal);
    throw thrown;
  });
  if (manifest.tenant !== undefined) throw ofOneCreator(options.file, manifest.tenant.id);
  const migrations = requireMigrations(options.file, manifest, project);
  const { ledger } = manifest.position;
  const plan: SchemaPlan = {
    migrations,
    ledger: { schema: ledger.schema, table: ledger.name, shape: ledger.shape },
  };
  const admin = { ...connect, max: 1, applicationName: "tenantry restore" };
  return await withDatabase(onDatabase(url, MAINTENANCE_DATABASE), admin, async (maintenance) => {
    const isThere = await exists(maintenance, into);
    if (isThere) await requireReplaceable(options);
    const report = {
      database: into,
      manifest,
      rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
      replaced: isThere,
      steps: describeSteps(into, manifest, isThere),
    };
    if (options.dryRun === true) return { ...report, backup: undefined, warnings: [] };
    for (const name of await sweepRestores(maintenance))
      logger.info(`dropped ${name}, which a restore that died had left`, { event: "restore-swept" });
    const backup = isThere ? await options.replace?.backUp(onDatabase(url, into)) : undefined;
    if (backup !== undefined)
      logger.info(`backed up ${into} into ${backup.file}`, { event: "restore-backed-up" });
    const warnings = await build(maintenance, { ...options, logger, file, manifest, plan, isThere });
    return { ...report, backup: backup?.file, warnings };
  });
}

type BuildOptions = Omit<RestoreOptions, "file" | "logger"> & {
  readonly file: BackupFile;
  readonly logger: Logger;
  readonly manifest: Manifest;
  readonly plan: SchemaPlan;
  readonly isThere: boolean;
};

async function build(maintenance: Database, options: BuildOptions): Promise<string[]> {
  const { into, manifest, plan, file, isThere, logger, signal } = options;
  const names = await claimNames(maintenance);
  try {
    throwIfStopped(signal);
    await createDatabase(maintenance, names.fresh, manifest.database, logger);
    const url = onDatabase(options.url, names.fresh);
    const connect = { ...options.connect, max: 1, applicationName: "tenantry restore" };
    const fingerprint = await withDatabase(url, connect, (database) =>
      endOnAbort(database, signal, async () => {
        logger.info("replaying the migrations", { event: "restore-schema" });
        await buildSchema(database, plan, signal);
        logger.info("loading the rows", { event: "restore-rows" });
        await loadBackup({ database, file, manifest });
        return await fingerprintTarget(database);
      }),
    );
    throwIfStopped(signal);
    if (isThere) {
      await copyDatabaseProperties(maintenance, { from: into, to: names.fresh }, logger);
      await swapDatabases(maintenance, { ...names, target: into });
    } else await renameDatabase(maintenance, names.fresh, into);
    return fingerprint === manifest.position.fingerprint
      ? []
      : [
          "the catalog is not quite what it was: something was made by hand there, or this is another version of PostgreSQL",
        ];
  } finally {
    for (const name of [names.fresh, names.replaced]) await drop(maintenance, name, logger);
  }
}

/** Of a name that is claimed, nothing is ever left on purpose. What cannot be dropped now, the next restore sweeps. */
async function drop(maintenance: Database, name: string, logger: Logger): Promise<void> {
  try {
    await maintenance.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`);
  } catch (thrown) {
    logger.warn(`${name} could not be dropped; the next restore will: ${messageOf(thrown)}`, {
      event: "restore-left",
    });
  }
}

/** PostgreSQL would cut what is longer, and then it would be another name. */
function requireName(name: string): void {
  const isReserved = [MAINTENANCE_DATABASE, "template0", "template1"].includes(name);
  if (name !== "" && !name.includes("\0") && Buffer.byteLength(name) <= 63 && !isReserved) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: isReserved
      ? `${name} belongs to the server, and nothing is restored into it.`
      : "A database's name has 1 to 63 bytes.",
    hint: "Name another database with --into.",
  });
}

async function exists(maintenance: Database, name: string): Promise<boolean> {
  const rows = await maintenance`select from pg_database where datname = ${name}`;
  return rows.length > 0;
}

async function requireReplaceable(options: RestoreOptions): Promise<void> {
  const { url, connect, into, replace, isDevelopment, dryRun } = options;
  const mark = await withDatabase(onDatabase(url, into), connect ?? {}, readEnvironmentMark);
  const isOther = mark !== undefined && mark !== "development";
  if (isOther || (mark === undefined && isDevelopment !== true)) {
    throw new TenantryError({
      code: "production-refused",
      message: isOther
        ? `${into} is a ${mark} database, and it is not replaced by a backup.`
        : `Nobody has said that ${into} is development's: neither TENANTRY_ENV nor --env, nor its own mark.`,
      hint: "Nothing was touched. Restore into a new database (leave --into out), or use point-in-time recovery.",
    });
  }
  if (replace !== undefined || dryRun === true) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: `There is a database ${into}.`,
    hint: "Run it with --yes to replace it (a backup of it is taken first), or leave --into out for a new one.",
  });
}

function describeSteps(
  into: string,
  { database, position, tables, sequences }: Manifest,
  isThere: boolean,
): string[] {
  const draft = "tenantry_restore_…_new";
  return [
    ...(isThere ? [`back up ${into}`] : []),
    `create database ${draft} template template0 encoding '${database.encoding}'`,
    ...position.migrations.map(({ name }) => `migrate ${name}`),
    ...tables.map(
      ({ schema, name, rows }) => `copy ${rows} ${rows === 1 ? "row" : "rows"} into ${schema}.${name}`,
    ),
    ...(sequences.length === 0
      ? []
      : [`set ${sequences.length} ${sequences.length === 1 ? "sequence" : "sequences"}`]),
    "compare counts and checksums",
    ...(isThere
      ? [
          `alter database ${quoteIdentifier(into)} rename to tenantry_restore_…_old, ${draft} to ${quoteIdentifier(into)}`,
          "drop database tenantry_restore_…_old",
        ]
      : [`alter database ${draft} rename to ${quoteIdentifier(into)}`]),
  ];
}

/** Loaded as a whole it would be a database in which everybody else is missing. */
function ofOneCreator(path: string, id: string): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `${basename(path)} holds the rows of one creator, ${id}.`,
    hint: `Nothing was touched. Restore it into a database that is there: tenantry restore FILE --creator ${id}`,
  });
}
