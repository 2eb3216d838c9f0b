import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createBackup } from "../../src/data/backup/create-backup.js";
import { createEmptyDatabase, type EmptyDatabase } from "../../src/testing/create-empty-database.js";
import { makeTemporaryFolder } from "../e2e/support/temporary-folder.js";
import { backupOptions, migrate } from "../support/backup-options.js";
import { serverUrl } from "../support/databases.js";
import { runProgram } from "../support/run-program.js";
import { ONE, putMigration } from "./migration-folder.js";

/** More megabytes than any socket holds: the server waits until somebody reads. */
const ROWS = 20_000;

/** Only root may mount a file system. */
const mayMount = process.getuid?.() === 0 && process.platform === "linux";

let source: EmptyDatabase;
let out: string;

beforeAll(async () => {
  source = await createEmptyDatabase({ serverUrl });
  out = await makeTemporaryFolder();
  await putMigration(out, ONE, "create table large (id int primary key, t text);");
  await migrate(source.adminUrl, out);
  // Of what can hardly be compressed.
  await source.admin.unsafe(`insert into large
    select n, (select string_agg(md5(n::text || m || random()), '') from generate_series(1, 64) m)
    from generate_series(1, ${ROWS}) n`);
  return () => source.drop();
});

/** What a backup has left on the server. */
const backends = () =>
  source.admin`select application_name, state, query from pg_stat_activity where application_name = 'tenantry backup'`;

describe("a backup that ends in the middle of a large table", () => {
  it.runIf(mayMount)("says that the disk is full, and leaves nothing there or on the server", async () => {
    const small = join(await makeTemporaryFolder(), "small");
    await mkdir(small);
    await runProgram("mount", ["-t", "tmpfs", "-o", "size=128k,mode=700", "tmpfs", small]);
    onTestFinished(async () => void (await runProgram("umount", ["-l", small])));
    const options = { ...(await backupOptions(source.adminUrl, out)), directory: small, verify: false };
    await expect(createBackup(options)).rejects.toMatchObject({
      code: "disk",
      message: expect.stringMatching(/no space/i),
    });
    expect(await readdir(small)).toEqual([]);
    await vi.waitFor(async () => expect(await backends()).toEqual([]), 10_000);
  });

  it("because it is told to stop, leaves nothing there or on the server", async () => {
    const controller = new AbortController();
    const options = await backupOptions(source.adminUrl, out);
    const stopped = expect(
      createBackup({ ...options, verify: false, signal: controller.signal }),
    ).rejects.toMatchObject({ code: "interrupted" });
    await vi.waitFor(
      async () =>
        expect(await backends()).toEqual([
          expect.objectContaining({ query: expect.stringMatching(/^copy .*large/) }),
        ]),
      { timeout: 30_000, interval: 5 },
    );
    controller.abort();
    await stopped;
    expect(await readdir(options.directory)).toEqual([]);
    await vi.waitFor(async () => expect(await backends()).toEqual([]), 10_000);
  });
});
