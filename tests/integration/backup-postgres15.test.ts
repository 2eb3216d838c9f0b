import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { choosePgDump } from "../../src/cli/backup/pg-dump/choose-pg-dump.js";
import { createPgDump } from "../../src/cli/backup/pg-dump/create-pg-dump.js";
import { onDatabase } from "../../src/core/database-url.js";
import { createBackup } from "../../src/data/backup/create-backup.js";
import { restoreBackup } from "../../src/data/restore/restore-backup.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { backupOptions, migrate } from "../support/backup-options.js";
import { everyRowSql, everyTypeSql } from "../support/every-type.js";
import type { RunningServer } from "../support/running-server.js";
import { startPostgres15 } from "../support/start-postgres15.js";
import { makeFolder, ONE } from "./migration-folder.js";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const run = promisify(execFile);

let server: RunningServer;
let url: URL;

beforeAll(async () => {
  server = await startPostgres15();
  url = onDatabase(new URL(server.url), "source");
  await withDatabase(
    new URL(server.url),
    {},
    async (database) => void (await database`create database source`),
  );
});
afterAll(() => server.stop());

/** All that pg_dump says of a database, without what names the moment. */
async function dump(database: string): Promise<string> {
  const at = new URL(server.url);
  const env = { ...process.env, PGPASSWORD: decodeURIComponent(at.password) };
  const login = ["-h", at.hostname, "-p", at.port, "-U", at.username];
  const args = [...login, database];
  const { stdout } = await run(join(dirname(server.origin), "pg_dump"), args, { env, maxBuffer: 2 ** 30 });
  return stdout;
}

/** In any order, and without the key that newer ones draw for each dump. */
const linesOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => !/^\\(un)?restrict /.test(line))
    .sort();

describe("on PostgreSQL 15, with its own programs beside it", () => {
  it("pg_dump says the same of a database and of its restored backup", async () => {
    const out = await makeFolder({ [ONE]: everyTypeSql(15) });
    await migrate(url, out);
    await withDatabase(url, {}, (database) => database.unsafe(everyRowSql(15)).simple());
    const options = {
      ...(await backupOptions(url, out)),
      shadow: { server: new URL(server.url), connect: {} },
    };
    const { file } = await createBackup(options);
    const report = await restoreBackup({
      ...{ file, url, project: options.project, into: "restored" },
      isDevelopment: true,
    });
    expect(report.warnings).toEqual([]);
    const [before, after] = [await dump("source"), await dump("restored")];
    expect(before.length).toBeGreaterThan(2_000_000);
    expect(linesOf(after)).toEqual(linesOf(before));

    await withDatabase(url, {}, (database) =>
      database.unsafe("select lo_create(0), lo_from_bytea(0, decode(repeat('ab', 2500000), 'hex'))"),
    );
    const modes = new Set<number>();
    let isDone = false;
    const watching = (async () => {
      while (!isDone)
        for (const name of await readdir(options.directory)) {
          const found = await stat(join(options.directory, name)).catch(() => undefined);
          if (found !== undefined) modes.add(found.mode & 0o777);
        }
    })();
    const archived = await createPgDump(options, process.env).finally(() => {
      isDone = true;
    });
    await watching;
    expect([...modes]).toEqual([0o600]);
    expect(archived).toMatchObject({ format: "pg_dump", verified: true, warnings: [] });
    expect(archived.text).toContain(" and 2 large objects, restored into the shadow and compared");
    const { stdout } = await run(join(dirname(server.origin), "pg_restore"), ["--list", archived.file]);
    expect(stdout).toContain("TABLE DATA public types");
  });

  it("no archive is left of which pg_restore cannot make all", async () => {
    const out = await makeFolder({ [ONE]: "create extension pageinspect; create table t (n int)" });
    const source = onDatabase(url, "partly");
    await withDatabase(url, {}, async (database) => {
      await database`create database partly`;
      await database`create role weak login createdb password 'p'`;
    });
    await migrate(source, out);
    const weak = new URL(server.url);
    [weak.username, weak.password] = ["weak", "p"];
    const options = { ...(await backupOptions(source, out)), shadow: { server: weak, connect: {} } };
    await expect(createPgDump(options, process.env)).rejects.toMatchObject({
      code: "backup-unproven",
      details: expect.arrayContaining([expect.stringContaining("pageinspect")]),
    });
    expect(await readdir(options.directory)).toEqual([]);
  });
});

describe("which pg_dump is taken", () => {
  const at = (major: number) => ({ path: `/${major}/pg_dump`, version: `${major}.1`, major });

  it("is that of the server's version, else the next newer one", () => {
    expect(choosePgDump([at(18), at(15), at(16)], 15)).toEqual(at(15));
    expect(choosePgDump([at(18), at(14), at(17)], 16)).toEqual(at(17));
  });

  it("is none that is older than the server, and that is said before it is run", () => {
    expect(() => choosePgDump([at(15)], 18)).toThrow(/older than the server/);
    expect(() => choosePgDump([], 18)).toThrow(/no pg_dump/);
  });
});
