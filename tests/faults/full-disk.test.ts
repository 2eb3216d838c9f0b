import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { silentLogger } from "../../src/core/logger.js";
import { openBackend } from "../../src/migrate/run/backend.js";
import { connectPatiently } from "../../src/migrate/run/preflight/connect-patiently.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { makeTemporaryFolder } from "../e2e/support/temporary-folder.js";
import { runProgram } from "../support/run-program.js";
import { finishRun } from "./support/fault-trials.js";
import { type OwnServer, startOwnServer } from "./support/own-server.js";
import { startMigrator } from "./support/start-migrator.js";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Only root may mount a file system, and none but a small one of its own can be filled without harm. */
const mayMount = process.getuid?.() === 0 && process.platform === "linux";

describe.runIf(mayMount)("a disk that is full", () => {
  let mount: string;
  let folder: string;
  let server: OwnServer;

  beforeAll(async () => {
    const parent = await makeTemporaryFolder();
    mount = join(parent, "small");
    folder = join(parent, "drizzle");
    await mkdir(mount);
    expect(
      await runProgram("mount", ["-t", "tmpfs", "-o", "size=192m,mode=755", "tmpfs", mount]),
    ).toMatchObject({
      status: 0,
    });
    server = await startOwnServer(mount);
  });
  afterAll(async () => {
    await server.remove().catch(() => {});
    await runProgram("umount", ["-l", mount]);
  });

  it("ends the run with an error that says so, applies nothing by halves, and the next run does it all", async () => {
    const write = async (name: string, sql: string) => {
      await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, "migration.sql"), sql);
    };
    await write("20260101000001_small", "create table small (id int);");
    const fill = (rows: number) =>
      `create table large (id int, text text);\n--> statement-breakpoint\ninsert into large select n, repeat('x', 1000) from generate_series(1, ${rows}) n;`;
    await write("20260101000002_large", fill(60_000));
    const url = server.database("postgres");
    await withDatabase(url, {}, (database) => database.unsafe("alter system set max_wal_size = '32MB'"));

    // What an operator will take away again: without room for its log the server could not even recover.
    const ballast = join(mount, "ballast");
    await writeFile(ballast, Buffer.alloc(32 * 1024 ** 2, 1));

    const end = await startMigrator(url, folder).ended;
    expect(end).toMatchObject({
      status: 2,
      // The statement's own file could not grow; or the server's log could not, and the whole server went down.
      outcome: {
        message: expect.stringMatching(/No space left on device|The server's disk has \d+ MiB left/),
      },
    });

    await write("20260101000002_large", fill(10));
    // The server may have stopped for want of space for its log, or be trying to recover, or be well.
    await rm(ballast);
    await runProgram("mount", ["-o", "remount,size=640m", mount]);
    await server.kill();
    await server.restart();
    const patience = { waitSeconds: 120, logger: silentLogger, signal: undefined };
    await (await connectPatiently(() => openBackend(url, {}), patience)).close();
    await withDatabase(url, { timeoutSeconds: 60 }, async (database) => {
      expect(await database`select name from drizzle.__drizzle_migrations`).toEqual([
        { name: "20260101000001_small" },
      ]);
      expect(await database`select to_regclass('large') as large`).toEqual([{ large: null }]);
      await finishRun(url, folder);
      expect(await database`select count(*)::int as n from large`).toEqual([{ n: 10 }]);
    });
  });
});
