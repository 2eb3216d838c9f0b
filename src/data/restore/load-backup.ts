import type { Transaction } from "../../catalog/grants-json.js";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { engineError } from "../../migrate/run/engine-error.js";
import type { Database } from "../../postgres/connect.js";
import { liftTimeouts } from "../../postgres/lift-timeouts.js";
import { describeColumns } from "../backup/match-tables.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { BackupFile } from "../backup-file/read-frames.js";
import { readRows } from "../backup-file/read-frames.js";
import type { CopyEncoding, RowsIn } from "../rows/copy-rows.js";
import { COPY_SETTINGS, copyIn } from "../rows/copy-rows.js";
import { readTables, tableKey } from "../rows/read-tables.js";
import { encodingOf, findDifferences } from "./find-differences.js";
import { quietTables } from "./quiet-tables.js";

/** What to load, and into what. */
export type LoadOptions = {
  /** One connection, to a database that has the backup's tables and that nobody else uses. */
  readonly database: Database;
  readonly file: BackupFile;
  readonly manifest: Manifest;
};

/**
 * Puts the rows of a backup in the place of whatever a database's tables hold, in one transaction, and proves them: counts and
 * checksums must be those of the backup.
 *
 * @throws TenantryError `restore-failed` if a table is missing or another, if the server refuses a row, or if what was loaded
 * is not what was backed up; `backup-invalid`.
 */
export async function loadBackup({ database, file, manifest }: LoadOptions): Promise<void> {
  const encoding = encodingOf(manifest);
  try {
    // Also where that was done before: replaying migrations takes every setting of the session back.
    await liftTimeouts(database, "session");
    await createPartitions(database, manifest);
    await database.begin(async (session) => {
      await requireTables(session, manifest);
      await session.unsafe(COPY_SETTINGS).simple();
      const wake = await quietTables(session, manifest.tables);
      await truncateAll(session);
      await copyAll(session, file, manifest, encoding);
      await setSequences(session, manifest);
      await wake();
    });
    for (const { schema, name } of manifest.materializedViews)
      await database.unsafe(`refresh materialized view ${qualify(schema, name)}`);
    await compare(database, manifest);
  } catch (thrown) {
    throw explainLoad(thrown);
  }
}

/** Those that a program has made, and no migration. */
async function createPartitions(database: Database, { partitions }: Manifest): Promise<void> {
  if (partitions.length === 0) return;
  const rows = await database<{ key: string }[]>`
    select jsonb_build_array(n.nspname, c.relname)::text as key from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relispartition`;
  const there = new Set(rows.map(({ key }) => JSON.stringify(JSON.parse(key))));
  for (const partition of partitions) {
    if (there.has(tableKey(partition))) continue;
    const own = qualify(partition.schema, partition.name);
    const parent = qualify(partition.parent.schema, partition.parent.name);
    const by = partition.key === null ? "" : ` partition by ${partition.key}`;
    await database.unsafe(`create schema if not exists ${quoteIdentifier(partition.schema)}`);
    await database.unsafe(`create table ${own} partition of ${parent} ${partition.bound}${by}`);
    if (partition.rowSecurity) await database.unsafe(`alter table ${own} enable row level security`);
    if (partition.forced) await database.unsafe(`alter table ${own} force row level security`);
  }
}

async function requireTables(session: Transaction, manifest: Manifest): Promise<void> {
  await session.unsafe("set local search_path = pg_catalog");
  const there = new Map((await readTables(session)).map((table) => [tableKey(table), table]));
  await session.unsafe("set local search_path to default");
  const problems = manifest.tables.flatMap(
    (table) => describeColumns(table, there.get(tableKey(table))) ?? [],
  );
  if (problems.length === 0) return;
  throw new TenantryError({
    code: "restore-failed",
    message: "The migrations make other tables than the backup has.",
    details: problems,
    hint: "Check out the revision that the backup was taken with: the migrations folder of that time makes its tables.",
  });
}

/** Whatever the migrations have filled in. All tables at once, so that no foreign key objects. */
async function truncateAll(session: Transaction): Promise<void> {
  const tables = await readTables(session);
  if (tables.length === 0) return;
  await session.unsafe(`truncate ${tables.map(({ schema, name }) => qualify(schema, name)).join(", ")}`);
}

async function copyAll(
  session: Transaction,
  file: BackupFile,
  manifest: Manifest,
  encoding: CopyEncoding,
): Promise<void> {
  let open: { readonly index: number; readonly copy: RowsIn } | undefined;
  try {
    for await (const { table: index, rows } of readRows(file)) {
      if (open?.index !== index) {
        await open?.copy.end();
        const table = manifest.tables[index];
        if (table === undefined)
          throw new Error(`the backup has rows of a table ${index} that its manifest lacks`);
        open = { index, copy: await copyIn(session, table, encoding) };
      }
      await open.copy.write(rows);
    }
    await open?.copy.end();
  } catch (thrown) {
    open?.copy.abort(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
    throw thrown;
  }
}

async function setSequences(session: Transaction, { sequences }: Manifest): Promise<void> {
  for (const { schema, name, lastValue, isCalled } of sequences) {
    await session.unsafe("select pg_catalog.setval($1::regclass, $2::text::bigint, $3)", [
      qualify(schema, name),
      lastValue,
      isCalled,
    ]);
  }
}

async function compare(database: Database, manifest: Manifest): Promise<void> {
  const differing = await database.begin("isolation level repeatable read read only", (session) =>
    findDifferences(session, manifest),
  );
  if (differing.length === 0) return;
  throw new TenantryError({
    code: "restore-failed",
    message: "What was loaded is not what was backed up.",
    details: differing,
    hint: "Nothing was changed. Restore with the PostgreSQL version that the backup was taken from, and look for what changes rows by itself.",
  });
}

/** A refusal's message may hold a row's values, unless it is about a constraint. */
function explainLoad(thrown: unknown): unknown {
  const code = codeOf(thrown) ?? "";
  if (thrown instanceof TenantryError || !/^[0-9A-Z]{5}$/.test(code)) return engineError(thrown);
  const known = engineError(thrown);
  if (known instanceof TenantryError) return known;
  return new TenantryError({
    code: "restore-failed",
    message: "The server refused to load the backup.",
    details: [
      code.startsWith("22")
        ? `a value is not one of its type here (${code})`
        : `${messageOf(thrown)} (${code})`,
    ],
    hint: "Nothing was changed. Restore with the migrations, the extensions and the PostgreSQL version of the backup.",
    cause: thrown,
  });
}
