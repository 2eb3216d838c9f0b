import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { createBackup } from "../../src/data/backup/create-backup.js";
import { readManifest, readRows } from "../../src/data/backup-file/read-frames.js";
import { restoreBackup } from "../../src/data/restore/restore-backup.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { makeTemporaryFolder } from "../e2e/support/temporary-folder.js";
import { startEmbeddedServer } from "../support/postgres-embedded.js";
import type { RunningServer } from "../support/running-server.js";
import { isLongForm } from "./support/fault-trials.js";

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 300_000 });

const JITI = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));
const SCRIPT = fileURLToPath(new URL("./support/backup-process.ts", import.meta.url));
const TRIALS = isLongForm ? 50 : 6;
const ROWS = 20_000;

let server: RunningServer;
let folder: string;
let out: string;

beforeAll(async () => {
  // One of its own: what a killed restore leaves is swept by any other on the same server.
  server = await startEmbeddedServer();
  folder = await makeTemporaryFolder();
  out = join(folder, "drizzle");
  await mkdir(join(out, "20260101000000_one"), { recursive: true });
  await writeFile(
    join(out, "20260101000000_one", "migration.sql"),
    "create table one (id int primary key, t text); create table two (id int primary key references one, t text);",
  );
  await makeDatabase("source", ROWS);
});
afterAll(() => server.stop());

const at = (name: string) => onDatabase(new URL(server.url), name);

/** A database with so many rows in each table, and the name in each row. */
async function makeDatabase(name: string, rows: number): Promise<void> {
  await withDatabase(at("postgres"), {}, async (database) => {
    await database.unsafe(`drop database if exists ${name} with (force)`);
    await database.unsafe(`create database ${name}`);
  });
  const url = at(name);
  await applyMigrations({
    url,
    folder: await readFolder(out),
    ledger: DEFAULT_LEDGER,
    adminRole: "app_admin",
  });
  await withDatabase(url, {}, (database) =>
    database
      .unsafe(
        `insert into one select n, '${name} ' || md5(n::text) from generate_series(1, ${rows}) n; insert into two select * from one`,
      )
      .simple(),
  );
}

/** What a database is: its rows and whose they are, or nothing. */
async function describeDatabase(name: string): Promise<string> {
  const rows = await withDatabase(
    at("postgres"),
    {},
    (database) => database`select from pg_database where datname = ${name}`,
  );
  if (rows.length === 0) return "none";
  return await withDatabase(at(name), {}, async (database) => {
    const [row] = await database<{ text: string }[]>`
      select (select count(*) || ' ' || min(split_part(t, ' ', 1)) from one) || ', ' ||
        (select count(*) || ' ' || min(split_part(t, ' ', 1)) from two) as text`;
    return row?.text ?? "";
  });
}

/** Runs the script, kills it some time after it has begun, and gives how long it ran and whether it was killed. */
async function run(args: readonly string[], after: number): Promise<{ time: number; isKilled: boolean }> {
  const child = spawn(process.execPath, [JITI, SCRIPT, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  await once(child.stdout, "data");
  const started = performance.now();
  await Promise.race([Number.isFinite(after) ? pause(after) : ended, ended]);
  child.kill("SIGKILL");
  const [, signal] = await ended;
  return { time: performance.now() - started, isKilled: signal === "SIGKILL" };
}

const project = async () => ({ out, folder: await readFolder(out), ledger: DEFAULT_LEDGER });

async function takeBackup(name: string, directory: string): Promise<string> {
  const shadow = { server: at("postgres"), connect: {} };
  const options = { url: at(name), project: await project(), shadow, directory, version: "0" };
  return (await createBackup({ ...options, verify: false })).file;
}

describe("kill -9 at a random moment", () => {
  it("of a backup leaves no file that has a backup's name and is not a whole one", async () => {
    const directory = join(folder, "backups");
    await takeBackup("source", directory);
    const args = ["backup", at("source").href, out, directory];
    const { time } = await run(args, Number.POSITIVE_INFINITY);
    let [killed, losses] = [0, 0];
    for (let trial = 0; trial < TRIALS; trial += 1) {
      if ((await run(args, Math.random() * time)).isKilled) killed += 1;
      for (const name of (await readdir(directory)).filter((each) => each.endsWith(".tenantry"))) {
        const path = join(directory, name);
        const isWhole = await readManifest({ path }).then(
          () => true,
          () => false,
        );
        if (!isWhole) losses += 1;
      }
    }
    console.log(`killed backups: ${killed} of ${TRIALS} trials, ${losses} losses`);
    expect(losses).toBe(0);
    expect(killed).toBeGreaterThan(0);
    const last = await takeBackup("source", directory);
    expect((await readdir(directory)).filter((name) => name.startsWith("."))).toEqual([]);
    let bytes = 0;
    for await (const { rows } of readRows({ path: last })) bytes += rows.length;
    expect(bytes).toBeGreaterThan(ROWS * 40);
  });

  it.each(["a new database", "one that is replaced"])(
    "of a restore into %s leaves it as it was, or whole",
    async (kind) => {
      const directory = join(folder, "more");
      const file = await takeBackup("source", directory);
      const isNew = kind === "a new database";
      const prepare = () => (isNew ? dropDatabase("target") : makeDatabase("target", 10));
      const before = isNew ? "none" : "10 target, 10 target";
      const after = `${ROWS} source, ${ROWS} source`;
      const args = ["restore", at("source").href, out, file, "target", ...(isNew ? [] : [directory])];
      await prepare();
      const { time } = await run(args, Number.POSITIVE_INFINITY);
      expect(await describeDatabase("target")).toBe(after);
      const found: string[] = [];
      let killed = 0;
      for (let trial = 0; trial < TRIALS; trial += 1) {
        await prepare();
        // The end, where the names change, is a short moment: every other trial looks for it.
        const moment = trial % 2 === 0 ? Math.random() * time : time * (0.9 + Math.random() * 0.1);
        if ((await run(args, moment)).isKilled) killed += 1;
        found.push(await describeDatabase("target"));
      }
      const losses = found.filter((each) => each !== before && each !== after);
      console.log(`killed restores into ${kind}: ${killed} of ${TRIALS} trials, ${losses.length} losses`);
      expect(losses).toEqual([]);
      expect(killed).toBeGreaterThan(0);
      await dropDatabase("target");
      await restoreBackup({
        file,
        url: at("source"),
        project: await project(),
        into: "target",
        isDevelopment: true,
      });
      const left = await withDatabase(
        at("postgres"),
        {},
        (database) =>
          database`select datname from pg_database where starts_with(datname, 'tenantry_restore_')`,
      );
      expect(left).toEqual([]);
    },
  );
});

async function dropDatabase(name: string): Promise<void> {
  await withDatabase(at("postgres"), {}, (database) =>
    database.unsafe(`drop database if exists ${name} with (force)`),
  );
}
