import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { countOf } from "../../core/count-of.js";
import { onDatabase } from "../../core/database-url.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import { fitIdentifier, quoteIdentifier } from "../../core/identifiers.js";
import { type Logger, silentLogger } from "../../core/logger.js";
import { fingerprintTarget } from "../../migrate/run/fingerprint-target.js";
import { throwIfStopped } from "../../migrate/run/interrupted.js";
import type { ConnectOptions, Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { liftTimeouts } from "../../postgres/lift-timeouts.js";
import type { BackupReport } from "../backup/create-backup.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { BackupFile } from "../backup-file/read-frames.js";
import { readManifest } from "../backup-file/read-frames.js";
import type { SchemaPlan } from "../build-schema.js";
import { buildSchema } from "../build-schema.js";
import type { DataProject } from "../data-project.js";
import { endOnAbort } from "../end-on-abort.js";
import { claimName, sweepRestores } from "./claim-name.js";
import { createDatabase } from "./create-database.js";
import { databaseExists } from "./database-exists.js";
import { dropReplaced } from "./drop-replaced.js";
import { loadBackup } from "./load-backup.js";
import { requireDevelopmentServer } from "./require-development-server.js";
import { requireMigrations } from "./require-migrations.js";
import { requireReplaceable, requireWholeBackup } from "./require-replaceable.js";
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
  /** True if somebody has said that the server is development's: without it, the marks of its databases must say so. */
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
  /** The name under which that database is still there, since its backup has not all of it. */
  readonly kept: string | undefined;
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
 * or for one that belongs to something else; `backup-refused` if its own backup cannot hold all of it; `restore-failed`,
 * `interrupted`; and as `openDatabase`.
 * @example
 * await restoreBackup({ file, url, project, into: "app_restored", isDevelopment: true });
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
  const admin = { ...connect, max: 1, canBeCut: true, applicationName: "tenantry restore" };
  return await withDatabase(onDatabase(url, MAINTENANCE_DATABASE), admin, async (maintenance) => {
    await liftTimeouts(maintenance, "session");
    await requireDevelopmentServer(maintenance, options);
    const isThere = await databaseExists(maintenance, into);
    if (isThere) await requireReplaceable(options);
    const report = {
      database: into,
      manifest,
      rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
      replaced: isThere,
      steps: describeSteps(into, manifest, isThere),
    };
    if (options.dryRun === true) return { ...report, backup: undefined, kept: undefined, warnings: [] };
    for (const name of await sweepRestores(maintenance))
      logger.info(`dropped ${name}, which a restore that died had left`, { event: "restore-swept" });
    const backup = isThere ? await options.replace?.backUp(onDatabase(url, into)) : undefined;
    if (backup !== undefined) {
      logger.info(`backed up ${into} into ${backup.file}`, { event: "restore-backed-up" });
      requireWholeBackup(into, backup);
    }
    const built = await build(maintenance, { ...options, logger, file, manifest, plan, backup });
    return { ...report, backup: backup?.file, ...built };
  });
}

type BuildOptions = Omit<RestoreOptions, "file" | "logger"> & {
  readonly file: BackupFile;
  readonly logger: Logger;
  readonly manifest: Manifest;
  readonly plan: SchemaPlan;
  /** Of the database that is there. */
  readonly backup: BackupReport | undefined;
};

async function build(
  maintenance: Database,
  options: BuildOptions,
): Promise<Pick<RestoreReport, "kept" | "warnings">> {
  const { into, manifest, plan, file, backup, logger, signal } = options;
  const fresh = await claimName(maintenance);
  try {
    throwIfStopped(signal);
    await createDatabase(maintenance, fresh, manifest.database, logger);
    const url = onDatabase(options.url, fresh);
    const connect = { ...options.connect, max: 1, canBeCut: true, applicationName: "tenantry restore" };
    const fingerprint = await withDatabase(url, connect, (database) =>
      endOnAbort(database, signal, async () => {
        await liftTimeouts(database, "session");
        logger.info("replaying the migrations", { event: "restore-schema" });
        await buildSchema(database, plan, signal);
        logger.info("loading the rows", { event: "restore-rows" });
        await loadBackup({ database, file, manifest });
        return await fingerprintTarget(database);
      }),
    );
    throwIfStopped(signal);
    const warnings =
      fingerprint === manifest.position.fingerprint
        ? []
        : [
            "the catalog is not quite what it was: something was made by hand there, or this is another version of PostgreSQL",
          ];
    if (backup === undefined) {
      await renameDatabase(maintenance, fresh, into);
      return { kept: undefined, warnings };
    }
    const replaced = nameReplaced(into);
    await copyDatabaseProperties(maintenance, { from: into, to: fresh }, logger);
    await swapDatabases(maintenance, { fresh, target: into, replaced });
    logger.info(`comparing what was replaced with its backup`, { event: "restore-comparing" });
    const old = { ...options, name: replaced, manifest: backup.manifest };
    const reasons = await dropReplaced(maintenance, old);
    return {
      kept: reasons.length === 0 ? undefined : replaced,
      warnings: [
        ...warnings,
        ...backup.manifest.leftOut.map(
          ({ name, reason }) => `not in the backup of ${into}: ${name} (${reason})`,
        ),
        ...(reasons.length === 0
          ? []
          : [
              `what was there is kept as ${replaced}, since not all of it is in its backup: ${reasons.join("; ")}`,
            ]),
      ],
    };
  } finally {
    await drop(maintenance, fresh, logger);
  }
}

/** A name that no restore sweeps. */
function nameReplaced(into: string): string {
  return fitIdentifier(into, `_replaced_${randomBytes(4).toString("hex")}`);
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
    ...tables.map(({ schema, name, rows }) => `copy ${countOf(rows, "row")} into ${schema}.${name}`),
    ...(sequences.length === 0 ? [] : [`set ${countOf(sequences.length, "sequence")}`]),
    "compare counts and checksums",
    ...(isThere
      ? [
          `alter database ${quoteIdentifier(into)} rename to ${into}_replaced_…, ${draft} to ${quoteIdentifier(into)}`,
          `compare ${into}_replaced_… with its backup`,
          `drop database ${into}_replaced_…`,
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
