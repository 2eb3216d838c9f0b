import { fingerprintCatalog } from "../../catalog/fingerprint.js";
import type { Transaction } from "../../catalog/grants-json.js";
import { readWholeStructure } from "../../catalog/read-whole-structure.js";
import { countOf } from "../../core/count-of.js";
import { ENGINE_SCHEMA, ENGINE_TABLES } from "../../core/engine-schema.js";
import { TenantryError } from "../../core/errors.js";
import { qualify } from "../../core/identifiers.js";
import type { Logger } from "../../core/logger.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import { throwIfStopped } from "../../migrate/run/interrupted.js";
import type { Database } from "../../postgres/connect.js";
import { cutConnections } from "../../postgres/cut-connections.js";
import { liftTimeouts } from "../../postgres/lift-timeouts.js";
import { readServerFacts } from "../../postgres/server-facts.js";
import type { BackupWriter } from "../backup-file/backup-writer.js";
import type { Manifest, ManifestTable } from "../backup-file/manifest.js";
import { partitionSchema } from "../backup-file/manifest.js";
import type { SchemaPlan } from "../build-schema.js";
import { COPY_SETTINGS } from "../rows/copy-rows.js";
import { digestRows } from "../rows/digest-rows.js";
import type { TableShape } from "../rows/read-tables.js";
import { readTables, tableKey } from "../rows/read-tables.js";
import { matchBeside, matchTables } from "./match-tables.js";
import type { BesideTables } from "./read-contents.js";
import {
  countLargeObjects,
  readBesideTables,
  readDatabaseFacts,
  readMaterializedViews,
  readNeverIncluded,
  readPartitions,
  readSequenceValues,
} from "./read-contents.js";
import { requireWholeView } from "./require-whole-view.js";

/** What a dump needs to know. */
export type DumpOptions = {
  /** What the migrations that were applied make. */
  readonly plan: SchemaPlan;
  readonly made: {
    readonly tables: readonly TableShape[];
    readonly partitions: Manifest["partitions"];
    readonly beside: readonly BesideTables[];
  };
  readonly version: string;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
};

/** Writes all rows of a database, as of one moment. */
export async function dumpDatabase(
  database: Database,
  writer: BackupWriter,
  options: DumpOptions,
): Promise<{ readonly manifest: Manifest; readonly warnings: readonly string[] }> {
  // Locked before the transaction has its first look: a table that is rewritten or truncated in between would seem empty.
  const wanted = matchTables(await readTables(database), options.made.tables).tables;
  requireWholeView(wanted);
  return await inSnapshot(database, async (session) => {
    await session.unsafe(`set local search_path = pg_catalog; ${COPY_SETTINGS}`).simple();
    if (wanted.length > 0) {
      const names = wanted.map(({ schema, name }) => qualify(schema, name));
      await session.unsafe(`lock table ${names.join(", ")} in access share mode`);
    }
    const match = matchTables(await readTables(session), options.made.tables);
    const isSame = JSON.stringify(match.tables.map(tableKey)) === JSON.stringify(wanted.map(tableKey));
    if (!isSame || !(await isAtPosition(session, options.plan))) {
      throw new TenantryError({
        code: "backup-refused",
        message: "The database was migrated while the backup began.",
        hint: "No file was left. Run it again.",
      });
    }
    requireWholeView(match.tables);
    const head = await readHead(session, match.tables, options);
    const tables = await dumpTables(session, writer, match.tables, head.encoding, options);
    const beside = matchBeside(match, await readBesideTables(session), options.made);
    const neverIncluded = await readNeverIncluded(session);
    const manifest = await writer.finish({
      ...head.manifest,
      tables,
      leftOut: [...beside.leftOut, ...neverIncluded],
    });
    const drift = beside.lacking.map(
      ({ schema, name }) => `${schema}.${name} is missing, which the migrations make`,
    );
    const left = beside.leftOut.map(({ name, reason }) => `not in the backup: ${name} (${reason})`);
    return { manifest, warnings: [...left, ...drift] };
  });
}

/**
 * Runs a function in a read-only transaction that sees one moment. When it fails, the connection goes too: it may still be full
 * of rows, and would never answer to a ROLLBACK.
 */
export async function inSnapshot<T>(
  database: Database,
  use: (session: Transaction) => Promise<T>,
): Promise<T> {
  let failure: { readonly thrown: unknown } | undefined;
  try {
    const result = await database.begin("isolation level repeatable read read only", async (session) => {
      try {
        await liftTimeouts(session, "transaction");
        return { value: await use(session) };
      } catch (thrown) {
        failure = { thrown };
        await cutConnections(database);
        throw thrown;
      }
    });
    return result.value;
  } catch (thrown) {
    throw failure === undefined ? thrown : failure.thrown;
  }
}

async function isAtPosition(session: Transaction, { migrations, ledger }: SchemaPlan): Promise<boolean> {
  const applied = new Set((await readLedger(session, ledger)).map(({ hash }) => hash));
  const planned = new Set(migrations.map(({ hash }) => hash));
  return applied.size === planned.size && [...applied].every((hash) => planned.has(hash));
}

async function readHead(
  session: Transaction,
  tables: readonly TableShape[],
  { plan, made, version }: DumpOptions,
) {
  const largeObjects = await countLargeObjects(session);
  if (largeObjects > 0) {
    throw new TenantryError({
      code: "backup-refused",
      message: `The database has ${countOf(largeObjects, "large object")}, which only pg_dump can take along.`,
      hint: "No file was left. Take the backup with --format pg_dump, or keep such values in bytea columns.",
    });
  }
  const structure = await readWholeStructure(session);
  const ignore = ENGINE_TABLES.map((name) => `${ENGINE_SCHEMA}.${name}*`);
  const database = await readDatabaseFacts(session);
  const keys = new Set(tables.map(tableKey));
  const besideTables = new Set(made.beside.map(tableKey));
  const partitions = await readPartitions(session);
  const again = new Set(made.partitions.map(tableKey));
  // A migration that asks for the date makes others on another day. So those that it makes are left out only when they must be.
  const owned = ownPartitions(partitions, keys).filter(
    (partition) => !again.has(tableKey(partition)) || partitionSchema.safeParse(partition).success,
  );
  const manifest = {
    createdAt: new Date().toISOString(),
    version,
    server: (await readServerFacts(session)).version,
    database,
    environment: (await readEnvironmentMark(session)) ?? null,
    position: {
      ledger: { schema: plan.ledger.schema, name: plan.ledger.table, shape: plan.ledger.shape },
      migrations: plan.migrations.map(({ name, hash }) => ({ name, hash })),
      fingerprint: fingerprintCatalog(structure, { ignore }),
    },
    partitions: owned,
    sequences: (await readSequenceValues(session)).filter((one) => besideTables.has(tableKey(one))),
    materializedViews: (await readMaterializedViews(session)).filter((one) =>
      besideTables.has(tableKey(one)),
    ),
  };
  const encoding = database.encoding === "SQL_ASCII" ? ("SQL_ASCII" as const) : ("UTF8" as const);
  return { manifest, encoding };
}

/** Those of the tables, at any depth: parents come before children. */
function ownPartitions(
  partitions: Manifest["partitions"],
  tables: ReadonlySet<string>,
): Manifest["partitions"] {
  const known = new Set(tables);
  return partitions.filter((partition) => {
    const isOwn = known.has(tableKey(partition.parent));
    if (isOwn) known.add(tableKey(partition));
    return isOwn;
  });
}

async function dumpTables(
  session: Transaction,
  writer: BackupWriter,
  tables: readonly TableShape[],
  encoding: "SQL_ASCII" | "UTF8",
  { logger, signal }: DumpOptions,
): Promise<ManifestTable[]> {
  const done: ManifestTable[] = [];
  for (const [index, table] of tables.entries()) {
    throwIfStopped(signal);
    const { rows, checksum } = await digestRows(session, table, encoding, (bytes) =>
      writer.write(index, bytes),
    );
    const { schema, name, partitioned, columns } = table;
    done.push({ schema, name, partitioned, columns: [...columns], rows, checksum });
    logger.info(`${schema}.${name}: ${countOf(rows, "row")}`, { event: "backup-table" });
  }
  return done;
}
