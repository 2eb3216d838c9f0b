import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { tableSubject } from "../../catalog/facts.js";
import { setContextSql } from "../../client/tenant/tenant-context.js";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Logger } from "../../core/logger.js";
import type { Expected } from "../../isolation/expected.js";
import type { ConnectOptions, Session } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { liftTimeouts } from "../../postgres/lift-timeouts.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { BackupFile } from "../backup-file/read-frames.js";
import { readManifest } from "../backup-file/read-frames.js";
import type { DataProject } from "../data-project.js";
import { endOnAbort } from "../end-on-abort.js";
import { deleteSql } from "../erase/delete-sql.js";
import { findOutsideReferences } from "../erase/find-outside-references.js";
import { readTouchedRows, subtractTouched } from "../erase/touched-rows.js";
import { COPY_SETTINGS } from "../rows/copy-rows.js";
import { digestRows } from "../rows/digest-rows.js";
import { tableKey } from "../rows/read-tables.js";
import { countTenantRows } from "../tenant/count-tenant-rows.js";
import { requireFullSight } from "../tenant/require-full-sight.js";
import type { TenantGraph } from "../tenant/tenant-graph.js";
import { readTenantGraph } from "../tenant/tenant-graph.js";
import type { TenantBackupReport } from "./create-tenant-backup.js";
import { insertTenantRows } from "./insert-tenant-rows.js";
import { judgeRestoredRows } from "./judge-restored-rows.js";
import { requireBackedUp } from "./require-backed-up.js";
import { requireFitting } from "./require-fitting.js";
import { stageRows } from "./stage-rows.js";
import type { TenantShape } from "./tenant-shapes.js";
import { readTenantShapes } from "./tenant-shapes.js";

/** What to restore, and where. */
export type TenantRestoreOptions = {
  readonly file: string;
  readonly passphrase?: string | undefined;
  readonly url: URL;
  readonly connect?: ConnectOptions;
  readonly expected: Expected;
  readonly project: DataProject;
  /** Whom the file must be of; parsed by `parseTenantId`. */
  readonly tenant: string;
  /**
   * Takes a backup of the rows that are there, which are then replaced; undefined if there are none. Without it, rows that are
   * there are an error.
   */
  readonly backUp?: (() => Promise<TakenBackup | undefined>) | undefined;
  /** What is written into the audit log, with the counts; undefined where there is none. */
  readonly record: ((details: Readonly<Record<string, unknown>>) => SQL) | undefined;
  readonly actor: string;
  readonly dryRun: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
};

/** The backup of the rows that are replaced. */
export type TakenBackup = Pick<TenantBackupReport, "file" | "manifest">;

/** What was restored, or would be. */
export type TenantRestoreReport = {
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly replaced: number }[];
  readonly manifest: Manifest;
  /** Where the rows are that were replaced. */
  readonly backup: string | undefined;
};

const LOCK_TIMEOUT = "10s";

/**
 * Puts the rows of one tenant into a database, in one transaction, in the place of those that are there. They go through
 * temporary tables, where each row's tenant is looked at; into the tables they go as a service would write them, under row
 * security, wherever services may. Before COMMIT they are compared with the backup, and nobody else's rows were touched. Nothing
 * is replaced that is not in the backup taken before, to the letter.
 *
 * Rows of the audit log are added to those that are there: a log only grows.
 *
 * @throws TenantryError `backup-invalid`, `argument-invalid` for another tenant's file or rows that are there; `restore-failed`
 * if the database is at another migration, refuses a row or changes one, or rows were written since they were backed up; `isolation` for a row of anybody else;
 * `tenant-incomplete`, `role-insufficient`, `lock-timeout`, `interrupted`. Nothing was changed then.
 */
export async function restoreTenantBackup(options: TenantRestoreOptions): Promise<TenantRestoreReport> {
  const { url, connect, expected, signal, tenant, dryRun, backUp } = options;
  const file: BackupFile = { path: options.file, passphrase: options.passphrase, signal };
  const manifest = await readManifest(file);
  requireTenant(options, manifest);
  const work = { ...connect, max: 1, canBeCut: true, applicationName: "tenantry restore" };
  return await withDatabase(url, work, (database) =>
    endOnAbort(database, signal, async () => {
      const found = await database.begin("isolation level repeatable read read only", async (session) => {
        const { graph } = await openTarget(session, options, manifest);
        return await countTenantRows(session, graph.tables, tenant, signal);
      });
      // The log outlives the creator, and takes more rows whatever it has.
      const log = expected.tables.find(({ declaration }) => declaration?.auditLog !== undefined);
      const logged = log === undefined ? undefined : tableSubject(log.schema, log.name);
      const isThere = found.some(({ table, rows }) => rows > 0 && table !== logged);
      if (isThere && backUp === undefined && !dryRun) throw alreadyThere(tenant);
      const taken = isThere && !dryRun ? await backUp?.() : undefined;
      if (!dryRun) {
        await database
          .begin("isolation level repeatable read", (session) =>
            replace(session, options, file, { manifest, taken: taken?.manifest }),
          )
          .catch((thrown: unknown) => {
            throw explain(thrown);
          });
      }
      const tables = manifest.tables.map((saved) => {
        const table = tableSubject(saved.schema, saved.name);
        const had = dryRun
          ? found.find((count) => count.table === table)
          : taken?.manifest.tables.find((each) => tableKey(each) === tableKey(saved));
        return { table, rows: saved.rows, replaced: table === logged ? 0 : (had?.rows ?? 0) };
      });
      return { tables, manifest, backup: taken?.file };
    }),
  );
}

type OpenTarget = { readonly graph: TenantGraph; readonly shapes: readonly TenantShape[] };

async function openTarget(
  session: Session,
  { expected, project, tenant }: TenantRestoreOptions,
  manifest: Manifest,
): Promise<OpenTarget> {
  await liftTimeouts(session, "transaction");
  await session.unsafe(
    `${COPY_SETTINGS}; set local row_security = on; set local lock_timeout = '${LOCK_TIMEOUT}'`,
  );
  const graph = await readTenantGraph(session, expected);
  await requireFullSight(session, graph.tables);
  const shapes = await readTenantShapes(session, graph, tenant);
  await requireFitting(session, project, manifest, shapes);
  await session.unsafe("set local search_path to default");
  return { graph, shapes };
}

async function replace(
  session: Session,
  options: TenantRestoreOptions,
  file: BackupFile,
  { manifest, taken }: { readonly manifest: Manifest; readonly taken: Manifest | undefined },
): Promise<void> {
  const { expected, tenant, actor } = options;
  const { roles } = expected.settings;
  const { graph, shapes } = await openTarget(session, options, manifest);
  const before = await countTenantRows(session, graph.tables, tenant);
  await requireBackedUp(session, shapes, taken);
  const outside = await findOutsideReferences(session, graph, tenant);
  if (outside.length > 0) throw touched(outside);
  const encoding = manifest.database.encoding === "SQL_ASCII" ? "SQL_ASCII" : "UTF8";
  const staged = await stageRows(session, { file, manifest, shapes, encoding, tenant });
  const touchedBefore = await readTouchedRows(session);
  await session.unsafe(`set local role ${quoteIdentifier(roles.admin)}`);
  await session.unsafe(setContextSql(expected.settings, { tenant: "", actor })).simple();
  for (const statement of deleteSql(graph.groups)) await session.unsafe(statement, [tenant]);
  await session.unsafe("reset role");
  await insertTenantRows(session, { expected, graph, staged, tenant, actor });
  await session.unsafe("set constraints all immediate");
  await compare(session, shapes, manifest, encoding);
  const touchedAfter = await readTouchedRows(session);
  if (touchedBefore === undefined || touchedAfter === undefined)
    throw touched(["the server does not count rows (track_counts is off)"]);
  const others = await judgeRestoredRows(session, subtractTouched(touchedBefore, touchedAfter), {
    ...{ tenant, tables: graph.tables, before, manifest },
  });
  if (others.length > 0) throw touched(others);
  if (options.record === undefined) return;
  const restored = Object.fromEntries(
    manifest.tables.map(({ schema, name, rows }) => [`${schema}.${name}`, rows]),
  );
  const { sql, params } = new PgDialect().sqlToQuery(options.record({ restored, asOf: manifest.createdAt }));
  await session.unsafe(`set local role ${quoteIdentifier(roles.admin)}`);
  await session.unsafe(sql, params as never[]);
  await session.unsafe("reset role");
}

/** To the letter, and the audit log left out, which has more. */
async function compare(
  session: Session,
  shapes: readonly TenantShape[],
  manifest: Manifest,
  encoding: "UTF8" | "SQL_ASCII",
): Promise<void> {
  await session.unsafe("set local search_path = pg_catalog");
  const differing: string[] = [];
  for (const shape of shapes) {
    if (shape.tenantTable.auditErasure !== undefined) continue;
    const wanted = manifest.tables.find(({ schema, name }) => schema === shape.schema && name === shape.name);
    const columns = wanted?.columns ?? shape.columns;
    const found = await digestRows(session, { ...shape, columns }, encoding);
    if (found.rows === wanted?.rows && found.checksum === wanted.checksum) continue;
    const what =
      found.rows === wanted?.rows ? "other values" : `${found.rows} rows, not ${wanted?.rows ?? 0}`;
    differing.push(`${qualify(shape.schema, shape.name)}: ${what}`);
  }
  await session.unsafe("set local search_path to default");
  if (differing.length === 0) return;
  throw new TenantryError({
    code: "restore-failed",
    message: "What was restored is not what was backed up.",
    details: differing,
    hint: "Nothing was changed. Look for triggers on these tables that change rows as they are written.",
  });
}

function requireTenant({ file, tenant, expected }: TenantRestoreOptions, { tenant: of }: Manifest): void {
  if (of?.id === tenant && of.type === expected.settings.columnType) return;
  throw new TenantryError({
    code: "argument-invalid",
    message:
      of === undefined
        ? `${file} is a backup of a whole database, and not of one creator.`
        : `${file} is of the creator ${of.id}, and not of ${tenant}.`,
    hint: "Nothing was touched. Rows of one creator are never restored as another's; a whole database is restored without --creator.",
  });
}

function alreadyThere(tenant: string): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `There are rows of the creator ${tenant} in this database.`,
    hint: "Nothing was changed. Run it with --yes to replace them; a backup of them is taken first.",
  });
}

function touched(details: readonly string[]): TenantryError {
  return new TenantryError({
    code: "isolation",
    message: "The restore would touch rows that are not this creator's; it was rolled back.",
    details,
    hint: "Nothing was changed. Look at the triggers and the foreign keys of these tables: something reaches past the tenant.",
  });
}

/** A refusal's message may hold a row's values, unless it is about a constraint. */
function explain(thrown: unknown): unknown {
  const code = codeOf(thrown) ?? "";
  if (thrown instanceof TenantryError || !/^[0-9A-Z]{5}$/.test(code)) return thrown;
  if (code === "55P03" || code === "40001" || code === "40P01") {
    return new TenantryError({
      code: "lock-timeout",
      message: "Somebody else is working on rows of this creator.",
      hint: "Nothing was changed. Suspend the creator, so that services write nothing for it, and run it again.",
      cause: thrown,
    });
  }
  return new TenantryError({
    code: "restore-failed",
    message: "The server refused a row of the backup.",
    details: [
      code.startsWith("22")
        ? `a value is not one of its type here (${code})`
        : `${messageOf(thrown)} (${code})`,
    ],
    hint: "Nothing was changed. A value that is unique in the whole database, such as an address, may be another creator's here.",
    cause: thrown,
  });
}
