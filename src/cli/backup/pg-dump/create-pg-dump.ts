import { open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { countOf } from "../../../core/count-of.js";
import { TenantryError } from "../../../core/errors.js";
import { silentLogger } from "../../../core/logger.js";
import { nameBackup, readBackupSubject } from "../../../data/backup/backup-name.js";
import type { BackupOptions } from "../../../data/backup/create-backup.js";
import { withDraft } from "../../../data/backup/draft-file.js";
import { removeOldBackups } from "../../../data/backup/remove-old-backups.js";
import { requireWholeView } from "../../../data/backup/require-whole-view.js";
import { endOnAbort } from "../../../data/end-on-abort.js";
import { COPY_SETTINGS } from "../../../data/rows/copy-rows.js";
import { digestRows } from "../../../data/rows/digest-rows.js";
import type { TableShape } from "../../../data/rows/read-tables.js";
import { readTables } from "../../../data/rows/read-tables.js";
import type { RowDigest } from "../../../data/rows/row-checksum.js";
import { readEnvironmentMark, requireEnvironment } from "../../../migrate/run/environment-mark.js";
import type { Session } from "../../../postgres/connect.js";
import { withDatabase } from "../../../postgres/connect.js";
import { liftTimeouts } from "../../../postgres/lift-timeouts.js";
import { readServerFacts } from "../../../postgres/server-facts.js";
import { withShadowDatabase } from "../../../postgres/shadow.js";
import { choosePgDump } from "./choose-pg-dump.js";
import { digestLargeObjects, type LargeObjectDigest } from "./digest-large-objects.js";
import { findPgDumps } from "./find-pg-dumps.js";
import { runClient } from "./run-client.js";

/** What pg_dump has written. */
export type PgDumpReport = {
  readonly format: "pg_dump";
  readonly file: string;
  readonly bytes: number;
  readonly rows: number | undefined;
  readonly verified: boolean;
  readonly program: string;
  readonly removed: readonly string[];
  readonly warnings: readonly string[];
  readonly text: string;
};

/** What a database holds, by counts and checksums. */
type Contents = {
  readonly tables: readonly (RowDigest & { readonly table: TableShape })[];
  readonly largeObjects: LargeObjectDigest;
};

/**
 * Has pg_dump write an archive of a whole database, in its own format, and proves it by restoring it into the shadow.
 *
 * @throws TenantryError `dependency-missing` if every pg_dump is older than the server, `role-insufficient`, `backup-refused`
 * with what pg_dump said, `backup-unproven`, `production-refused`, `disk`, `interrupted`.
 */
export async function createPgDump(
  options: BackupOptions,
  variables: NodeJS.ProcessEnv,
): Promise<PgDumpReport> {
  const { url, connect, directory, signal, logger = silentLogger } = options;
  const read = { ...connect, max: 1, canBeCut: true, applicationName: "tenantry backup" };
  return await withDatabase(url, read, (database) =>
    endOnAbort(database, signal, async () => {
      requireEnvironment(await readEnvironmentMark(database), "development");
      const { major } = await readServerFacts(database);
      const program = choosePgDump(await findPgDumps(variables.PATH), major);
      logger.info(`${program.path} (${program.version})`, { event: "backup-pg-dump" });
      const subject = await readBackupSubject(database);
      const file = join(directory, nameBackup(subject, "dump"));
      const contents = await withDraft(file, (draft) =>
        database.begin("isolation level repeatable read read only", async (session) => {
          await liftTimeouts(session, "transaction");
          await session.unsafe(`set local search_path = pg_catalog; ${COPY_SETTINGS}`).simple();
          const tables = await readTables(session);
          requireWholeView(tables);
          const [row] = await session.unsafe<{ snapshot: string }[]>(
            "select pg_export_snapshot() as snapshot",
          );
          // pg_dump would make a file that everybody may read, and keeps the mode of one that is there.
          await (await open(draft, "wx", 0o600)).close();
          const args = ["--format=custom", `--file=${draft}`, `--snapshot=${row?.snapshot}`];
          const { status, lines } = await runClient({ path: program.path, args, url, variables, signal });
          if (status !== 0) throw refusal("backup-refused", "pg_dump could not write the archive.", lines);
          await syncFile(draft);
          if (options.verify === false) return undefined;
          const contents = {
            tables: await digestAll(session, tables),
            largeObjects: await digestLargeObjects(session),
          };
          await proofRead(options, variables, program.path, draft, contents);
          return contents;
        }),
      );
      const { size } = await stat(file);
      const removed = options.keep === undefined ? [] : await removeOldBackups(file, subject, options.keep);
      const rows = contents?.tables.reduce((sum, { rows }) => sum + rows, 0);
      return {
        format: "pg_dump",
        file,
        bytes: size,
        rows,
        verified: contents !== undefined,
        program: program.path,
        removed,
        warnings:
          options.passphrase === undefined
            ? []
            : ["the archive is not encrypted, although there is a passphrase: use age or gpg on it"],
        text: `Backed up ${subject.database} into ${file}\n${countOf(size, "byte")}, ${describeProof(contents)}\nRestore it with: createdb NAME && pg_restore --dbname NAME --exit-on-error FILE`,
      };
    }),
  );
}

function describeProof(contents: Contents | undefined): string {
  if (contents === undefined) return "not verified";
  const rows = contents.tables.reduce((sum, table) => sum + table.rows, 0);
  const { count } = contents.largeObjects;
  const objects = count === 0 ? "" : ` and ${countOf(count, "large object")}`;
  return `${countOf(rows, "row")}${objects}, restored into the shadow and compared; indexes, constraints, triggers and privileges are not`;
}

async function digestAll(session: Session, tables: readonly TableShape[]): Promise<Contents["tables"]> {
  const digests: (RowDigest & { table: TableShape })[] = [];
  for (const table of tables) digests.push({ table, ...(await digestRows(session, table, "UTF8")) });
  return digests;
}

/**
 * What is proven is that the tables are made without an error, and the rows and the large objects in them. Owners and privileges
 * belong to the server, and what comes after the rows (indexes, constraints, triggers, policies) takes long and holds none.
 */
async function proofRead(
  { shadow, signal }: BackupOptions,
  variables: NodeJS.ProcessEnv,
  program: string,
  draft: string,
  contents: Contents,
): Promise<void> {
  await withShadowDatabase(shadow.server, shadow.connect, async ({ url, database }) => {
    const path = join(dirname(program), "pg_restore");
    const args = ["--no-owner", "--no-privileges", "--section=pre-data", "--section=data"];
    const { status, lines } = await runClient({
      path,
      args: [...args, `--dbname=${decodeURIComponent(url.pathname.slice(1))}`, draft],
      url,
      variables,
      signal,
    });
    if (status !== 0)
      throw refusal("backup-unproven", "pg_restore could not restore the archive into the shadow.", lines);
    const differing = await database.begin("isolation level repeatable read read only", async (session) => {
      await session.unsafe(`set local search_path = pg_catalog; ${COPY_SETTINGS}`).simple();
      const there = new Set(
        (await readTables(session)).map(({ schema, name }) => JSON.stringify([schema, name])),
      );
      const found: string[] = [];
      for (const { table, rows, checksum } of contents.tables) {
        const name = `${table.schema}.${table.name}`;
        if (!there.has(JSON.stringify([table.schema, table.name]))) found.push(`${name} is missing`);
        else {
          const other = await digestRows(session, table, "UTF8");
          if (other.rows !== rows) found.push(`${name}: ${other.rows} rows instead of ${rows}`);
          else if (other.checksum !== checksum) found.push(`${name}: other values`);
        }
      }
      const objects = await digestLargeObjects(session);
      if (objects.count !== contents.largeObjects.count)
        found.push(`large objects: ${objects.count} instead of ${contents.largeObjects.count}`);
      else if (objects.checksum !== contents.largeObjects.checksum) found.push("large objects: other values");
      return found;
    });
    if (differing.length > 0)
      throw refusal(
        "backup-unproven",
        "The archive was restored into the shadow, and is not there what it is here.",
        differing,
      );
  });
}

function refusal(
  code: "backup-refused" | "backup-unproven",
  message: string,
  details: readonly string[],
): TenantryError {
  return new TenantryError({
    code,
    message,
    details,
    hint:
      code === "backup-refused"
        ? "No file was left. Leave --format out: that needs nothing installed."
        : "No file was left. If that is the shadow's fault and not the archive's, run it again with --no-verify.",
  });
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
