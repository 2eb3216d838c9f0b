import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fingerprintCatalog } from "../../catalog/fingerprint.js";
import { readWholeStructure } from "../../catalog/read-whole-structure.js";
import { countOf } from "../../core/count-of.js";
import { ENGINE_SCHEMA, ENGINE_TABLES } from "../../core/engine-schema.js";
import { TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import type { Expected } from "../../isolation/expected.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { readLedgerShape } from "../../migrate/ledger/ledger-shape.js";
import { planMigrations } from "../../migrate/plan/plan-migrations.js";
import { requireSoundPlan } from "../../migrate/plan/require-sound-plan.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import { throwIfStopped } from "../../migrate/run/interrupted.js";
import type { ConnectOptions, Session } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { readServerFacts } from "../../postgres/server-facts.js";
import { nameBackup, readBackupSubject } from "../backup/backup-name.js";
import { withDraft } from "../backup/draft-file.js";
import { inSnapshot } from "../backup/dump-database.js";
import { explainDump } from "../backup/explain-dump.js";
import { readDatabaseFacts } from "../backup/read-contents.js";
import { createBackupWriter } from "../backup-file/backup-writer.js";
import { withByteSink } from "../backup-file/byte-sink.js";
import type { Manifest, ManifestTable } from "../backup-file/manifest.js";
import type { BackupFile } from "../backup-file/read-frames.js";
import { readRows } from "../backup-file/read-frames.js";
import type { DataProject } from "../data-project.js";
import { endOnAbort } from "../end-on-abort.js";
import { COPY_SETTINGS } from "../rows/copy-rows.js";
import { digestRows } from "../rows/digest-rows.js";
import { createRowChecksum } from "../rows/row-checksum.js";
import { requireFullSight } from "../tenant/require-full-sight.js";
import { readTenantGraph } from "../tenant/tenant-graph.js";
import { readTenantShapes } from "./tenant-shapes.js";

/** Whose rows to back up, and where to. */
export type TenantBackupOptions = {
  readonly url: URL;
  readonly connect?: ConnectOptions;
  readonly expected: Expected;
  readonly project: DataProject;
  /** Parsed by `parseTenantId`. */
  readonly tenant: string;
  /** The folder of the backups; it is made (0700) if it is missing. */
  readonly directory: string;
  readonly passphrase?: string | undefined;
  /** Of tenantry. */
  readonly version: string;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
};

/** What was backed up. */
export type TenantBackupReport = {
  readonly file: string;
  readonly bytes: number;
  readonly rows: number;
  readonly encrypted: boolean;
  readonly manifest: Manifest;
};

/**
 * Writes all rows of one tenant, as of one moment, into a file in the format of backups. The tables come from the schema and
 * the foreign keys, as for an erasure. The file is read back, and its rows compared with what was read, before it gets its name.
 *
 * @returns undefined if no table but the audit log has a row of the tenant; no file is left then.
 * @throws TenantryError `tenant-incomplete` for a table that would be missed, `role-insufficient` for a login that row
 * security hides rows from, `backup-unproven`, `migrations-folder`, `disk`, `interrupted`.
 */
export async function createTenantBackup(
  options: TenantBackupOptions,
): Promise<TenantBackupReport | undefined> {
  const { url, connect, passphrase, signal, directory, tenant } = options;
  const read = { ...connect, max: 1, canBeCut: true, applicationName: "tenantry backup" };
  return await withDatabase(url, read, (database) =>
    endOnAbort(database, signal, async () => {
      const subject = await readBackupSubject(database);
      const digest = createHash("sha256").update(tenant).digest("hex").slice(0, 8);
      const ending = passphrase === undefined ? "tenantry" : "tenantry.age";
      const path = join(directory, `creator-${digest}-${nameBackup(subject, ending)}`);
      const manifest = await withDraft(path, async (draft) => {
        const written = await withByteSink(draft, passphrase, (sink) =>
          inSnapshot(database, async (session) => {
            const writer = createBackupWriter(sink);
            return await writer.finish(
              await dump(session, options, (table, bytes) => writer.write(table, bytes)),
            );
          }),
        ).catch((thrown: unknown) => {
          throw explainDump(thrown);
        });
        if (isEmpty(written, options.expected)) throw new NothingThere();
        await proofRead({ path: draft, passphrase, signal }, written);
        return written;
      }).catch((thrown: unknown) => {
        if (thrown instanceof NothingThere) return undefined;
        throw thrown;
      });
      if (manifest === undefined) return undefined;
      const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
      const { size } = await stat(path);
      return { file: path, bytes: size, rows, encrypted: passphrase !== undefined, manifest };
    }),
  );
}

/** What the log has of somebody who was erased is no creator. */
function isEmpty({ tables }: Manifest, expected: Expected): boolean {
  const log = expected.tables.find(({ declaration }) => declaration?.auditLog !== undefined);
  return tables.every(
    ({ schema, name, rows }) => rows === 0 || (schema === log?.schema && name === log.name),
  );
}

/** Takes the draft away, and is no error. */
class NothingThere extends Error {}

async function dump(
  session: Session,
  { expected, project, tenant, version, logger, signal }: TenantBackupOptions,
  write: (table: number, bytes: Buffer) => Promise<void>,
): Promise<Omit<Manifest, "frames">> {
  // Row security stays on: a member of the admin role sees all through its policies, and needs no BYPASSRLS.
  await session.unsafe(`${COPY_SETTINGS}; set local row_security = on`).simple();
  const graph = await readTenantGraph(session, expected);
  await requireFullSight(session, graph.tables);
  const plan = planMigrations(project.folder, await readLedger(session, project.ledger));
  requireSoundPlan(plan);
  const database = await readDatabaseFacts(session);
  const encoding = database.encoding === "SQL_ASCII" ? "SQL_ASCII" : "UTF8";
  const shapes = await readTenantShapes(session, graph, tenant);
  const tables: ManifestTable[] = [];
  for (const [index, shape] of shapes.entries()) {
    throwIfStopped(signal);
    const digest = await digestRows(session, shape, encoding, (bytes) => write(index, bytes));
    const { schema, name, partitioned, columns } = shape;
    tables.push({ schema, name, partitioned, columns: [...columns], ...digest });
    logger.info(`${schema}.${name}: ${countOf(digest.rows, "row")}`);
  }
  const applied = plan.migrations.filter(({ state }) => state === "applied");
  const ignore = ENGINE_TABLES.map((name) => `${ENGINE_SCHEMA}.${name}*`);
  const { ledger } = project;
  return {
    ...{ createdAt: new Date().toISOString(), version, database, tables },
    server: (await readServerFacts(session)).version,
    environment: (await readEnvironmentMark(session)) ?? null,
    position: {
      ledger: {
        schema: ledger.schema,
        name: ledger.table,
        shape: (await readLedgerShape(session, ledger))?.shape ?? "named",
      },
      migrations: applied.map(({ name, hash }) => ({ name, hash })),
      fingerprint: fingerprintCatalog(await readWholeStructure(session as never), { ignore }),
    },
    ...{ partitions: [], sequences: [], materializedViews: [], leftOut: [] },
    tenant: { id: tenant, type: expected.settings.columnType },
  };
}

/** What lies on the disk must add up to what was read from the tables. */
async function proofRead(file: BackupFile, manifest: Manifest): Promise<void> {
  const sums = manifest.tables.map(() => createRowChecksum());
  for await (const { table, rows } of readRows(file)) sums[table]?.update(rows);
  const differing = manifest.tables.flatMap(({ schema, name, rows, checksum }, index) => {
    const found = sums[index]?.digest();
    return found?.rows === rows && found.checksum === checksum ? [] : [`${schema}.${name}`];
  });
  if (differing.length === 0) return;
  throw new TenantryError({
    code: "backup-unproven",
    message: "The file was read back, and is not what was written.",
    details: differing,
    hint: "No file was left. Look at the disk, and run it again.",
  });
}
