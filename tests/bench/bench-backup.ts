// Times backup and restore beside pg_dump, on PostgreSQL 15. MEGABYTES= says how many of rows; default 1000.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onDatabase } from "../../src/core/database-url.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { startPostgres15 } from "../support/start-postgres15.js";
import { describeMachine } from "./describe-machine.js";
import { replaceSection } from "./report.js";

const run = promisify(execFile);
const document = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const JITI = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));
const SCRIPT = fileURLToPath(new URL("./backup-process.ts", import.meta.url));
const MEGABYTES = Number(process.env.MEGABYTES ?? 1000);
/** Of a row below, as COPY writes it. */
const ROW_BYTES = 206;

const describe = describeMachine();
const server = await startPostgres15();
const folder = await mkdtemp(join(tmpdir(), "tenantry-bench-backup-"));
try {
  const admin = new URL(server.url);
  const url = onDatabase(admin, "source");
  const out = join(folder, "drizzle");
  const rows = Math.round((MEGABYTES * 1_000_000) / ROW_BYTES);
  await fill(admin, url, out, rows);
  const programs = join(server.origin, "..");
  const libpq = {
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: url.username,
    PGPASSWORD: decodeURIComponent(url.password),
  };
  const empty = (name: string) =>
    withDatabase(
      admin,
      {},
      async (database) => void (await database.unsafe(`create database ${name} template template0`)),
    );
  const node = (...args: readonly string[]) => measure([process.execPath, JITI, SCRIPT, ...args], {});
  const shell = (line: string) => measure(["/bin/bash", "-o", "pipefail", "-c", line], libpq);
  const [gzip, archive] = [join(folder, "dump.sql.gz"), join(folder, "dump.custom")];

  const dumpGzip = await shell(`${programs}/pg_dump source | gzip > ${gzip}`);
  const dumpCustom = await shell(`${programs}/pg_dump -Fc -f ${archive} source`);
  const backup = await node("backup", url.href, out, join(folder, "b"));
  const verified = await node("verified", url.href, out, join(folder, "v"));
  await empty("by_psql");
  const psql = await shell(`gunzip < ${gzip} | ${programs}/psql -q -v ON_ERROR_STOP=1 -o /dev/null by_psql`);
  await empty("by_pg_restore");
  const pgRestore = await shell(`${programs}/pg_restore -d by_pg_restore ${archive}`);
  const file = backup.output.trim();
  const restore = await node("restore", url.href, out, file, "by_tenantry");

  const size = async (path: string) => `${((await stat(path)).size / 1_000_000).toFixed(0)} MB`;
  const line = (what: string, { seconds, megabytes }: Measured, bytes: string) =>
    `| ${what} | ${seconds.toFixed(1)} s | ${megabytes.toFixed(0)} MB | ${bytes} |`;
  const section = [
    describe(),
    "",
    `One table of ${rows.toLocaleString("en-US")} rows, ${MEGABYTES} MB as COPY writes them, PostgreSQL 15 on the same machine. One run each, one after`,
    "the other. Memory is the most that one process of the client took.",
    "",
    "| What | Time | Memory | File |",
    "|---|---|---|---|",
    line("`pg_dump \\| gzip`", dumpGzip, await size(gzip)),
    line("`pg_dump -Fc`", dumpCustom, await size(archive)),
    line("`tenantry backup --no-verify`", backup, await size(file)),
    line(
      "`tenantry backup`, restored into the shadow and compared",
      verified,
      await size(verified.output.trim()),
    ),
    line("`gunzip \\| psql`", psql, ""),
    line("`pg_restore`", pgRestore, ""),
    line("`tenantry restore`, compared", restore, ""),
  ].join("\n");
  await writeFile(document, replaceSection(await readFile(document, "utf8"), "bench-backup", section));
  console.log(section);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

type Measured = { readonly seconds: number; readonly megabytes: number; readonly output: string };

/** GNU time tells the largest process of those that it has waited for. */
async function measure(
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Measured> {
  const report = join(folder, "time");
  const args = ["-f", "%e %M", "-o", report, ...command];
  const { stdout } = await run("/usr/bin/time", args, { env: { ...process.env, ...variables } });
  const [seconds = 0, kilobytes = 0] = (await readFile(report, "utf8")).trim().split(" ").map(Number);
  return { seconds, megabytes: (kilobytes * 1024) / 1_000_000, output: stdout };
}

async function fill(admin: URL, url: URL, out: string, rows: number): Promise<void> {
  await mkdir(join(out, "20260101000000_one"), { recursive: true });
  await writeFile(
    join(out, "20260101000000_one", "migration.sql"),
    "create table documents (creator_id uuid not null, id uuid not null, number bigint not null, title text not null, body text, amount numeric, at timestamptz not null, primary key (creator_id, id));",
  );
  await withDatabase(admin, {}, async (database) => void (await database.unsafe("create database source")));
  await applyMigrations({
    url,
    folder: await readFolder(out),
    ledger: DEFAULT_LEDGER,
    adminRole: "app_admin",
  });
  await withDatabase(url, {}, async (database) => {
    await database.unsafe(
      `insert into documents select md5((n % 1000)::text)::uuid, gen_random_uuid(), n, 'Document ' || n,
         (array['lorem ipsum dolor', 'sit amet consectetur', 'adipiscing elit sed', 'do eiusmod tempor'])[n % 4 + 1] || ' ' || md5(n::text),
         (n::bigint * 7919 % 1000000) / 100.0, timestamptz '2025-01-01' + n * interval '1 second'
       from generate_series(1, ${rows}) n`,
    );
    await database.unsafe("vacuum analyze documents");
  });
}
