import { chmod, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
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
import { readEnvironmentMark, requireEnvironment } from "../../../migrate/run/environment-mark.js";
import type { Session } from "../../../postgres/connect.js";
import { withDatabase } from "../../../postgres/connect.js";
import { readServerFacts } from "../../../postgres/server-facts.js";
import { withShadowDatabase } from "../../../postgres/shadow.js";
import { countOf } from "../format-backup.js";
import { choosePgDump } from "./choose-pg-dump.js";
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

type Digests = readonly { readonly table: TableShape; readonly rows: number; readonly checksum: string }[];

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
  const read = { ...connect, max: 1, applicationName: "tenantry backup" };
  return await withDatabase(url, read, (database) =>
    endOnAbort(database, signal, async () => {
      requireEnvironment(await readEnvironmentMark(database), "development");
      const { major } = await readServerFacts(database);
      const program = choosePgDump(await findPgDumps(variables.PATH), major);
      logger.info(`${program.path} (${program.version})`, { event: "backup-pg-dump" });
      const subject = await readBackupSubject(database);
      const file = join(directory, nameBackup(subject, "dump"));
      const digests = await withDraft(file, (draft) =>
        database.begin("isolation level repeatable read read only", async (session) => {
          await session.unsafe(`set local search_path = pg_catalog; ${COPY_SETTINGS}`).simple();
          const tables = await readTables(session);
          requireWholeView(tables);
          const [row] = await session.unsafe<{ snapshot: string }[]>(
            "select pg_export_snapshot() as snapshot",
          );
          const args = ["--format=custom", `--file=${draft}`, `--snapshot=${row?.snapshot}`];
          const { status, lines } = await runClient({ path: program.path, args, url, variables, signal });
          if (status !== 0) throw refusal("backup-refused", "pg_dump could not write the archive.", lines);
          await chmod(draft, 0o600);
          await syncFile(draft);
          if (options.verify === false) return undefined;
          const digests = await digestAll(session, tables);
          await proofRead(options, variables, program.path, draft, digests);
          return digests;
        }),
      );
      const removed =
        options.keep === undefined ? [] : await removeOldBackups(directory, subject, options.keep);
      const { size } = await stat(file);
      const rows = digests?.reduce((sum, { rows }) => sum + rows, 0);
      const proof =
        rows === undefined
          ? "not verified"
          : `${countOf(rows, "row")}, restored into the shadow and compared`;
      return {
        format: "pg_dump",
        file,
        bytes: size,
        rows,
        verified: digests !== undefined,
        program: program.path,
        removed,
        warnings: [],
        text: `Backed up ${subject.database} into ${file}\n${countOf(size, "byte")}, ${proof}\nRestore it with: createdb NAME && pg_restore --dbname NAME --exit-on-error FILE`,
      };
    }),
  );
}

async function digestAll(session: Session, tables: readonly TableShape[]): Promise<Digests> {
  const digests: { table: TableShape; rows: number; checksum: string }[] = [];
  for (const table of tables) digests.push({ table, ...(await digestRows(session, table, "UTF8")) });
  return digests;
}

/** Roles and privileges belong to the server and to the migrations: what is proven is the rows. */
async function proofRead(
  { shadow, signal }: BackupOptions,
  variables: NodeJS.ProcessEnv,
  program: string,
  draft: string,
  digests: Digests,
): Promise<void> {
  await withShadowDatabase(shadow.server, shadow.connect, async ({ url, database }) => {
    const path = join(dirname(program), "pg_restore");
    const args = ["--no-owner", "--no-privileges", "--section=pre-data", "--section=data"];
    const { lines } = await runClient({
      path,
      args: [...args, `--dbname=${decodeURIComponent(url.pathname.slice(1))}`, draft],
      url,
      variables,
      signal,
    });
    const differing = await database.begin("isolation level repeatable read read only", async (session) => {
      await session.unsafe(`set local search_path = pg_catalog; ${COPY_SETTINGS}`).simple();
      const there = new Set(
        (await readTables(session)).map(({ schema, name }) => JSON.stringify([schema, name])),
      );
      const found: string[] = [];
      for (const { table, rows, checksum } of digests) {
        const name = `${table.schema}.${table.name}`;
        if (!there.has(JSON.stringify([table.schema, table.name]))) found.push(`${name} is missing`);
        else {
          const other = await digestRows(session, table, "UTF8");
          if (other.rows !== rows) found.push(`${name}: ${other.rows} rows instead of ${rows}`);
          else if (other.checksum !== checksum) found.push(`${name}: other values`);
        }
      }
      return found;
    });
    if (differing.length > 0)
      throw refusal(
        "backup-unproven",
        "The archive was restored into the shadow, and is not there what it is here.",
        [...differing, ...lines.slice(0, 5)],
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
