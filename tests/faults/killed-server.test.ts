import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { type Session, withDatabase } from "../../src/postgres/connect.js";
import { makeTemporaryFolder } from "../e2e/support/temporary-folder.js";
import { writeFaultFolder } from "./support/fault-folder.js";
import { finishRun, isLongForm, readUndisturbed } from "./support/fault-trials.js";
import { type OwnServer, startOwnServer } from "./support/own-server.js";
import { type RunOutcome, readOutcome } from "./support/read-outcome.js";
import { startMigrator } from "./support/start-migrator.js";

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 300_000 });

describe("a PostgreSQL whose processes are all killed with SIGKILL while a migrator runs", () => {
  let folder: string;
  let server: OwnServer;
  let undisturbed: RunOutcome;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    await writeFaultFolder(folder, 30);
    undisturbed = await readUndisturbed(folder);
    server = await startOwnServer();
  });
  afterAll(() => server.remove());

  it("has kept what was applied, and the next run does the rest", async () => {
    const trials = isLongForm ? 20 : 4;
    const names = (await readFolder(folder)).map(({ name }) => name);
    const maintenance = () => server.database("postgres");
    await withDatabase(maintenance(), {}, (database) => database.unsafe("create database undisturbed"));
    const started = performance.now();
    await startMigrator(server.database("undisturbed"), folder).ended;
    const whole = performance.now() - started;

    let losses = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const name = `trial_${trial}`;
      await withDatabase(maintenance(), {}, (database) => database.unsafe(`create database ${name}`));
      const { ended } = startMigrator(server.database(name), folder);
      await Promise.race([pause(Math.random() * whole), ended]);
      await server.kill();
      const end = await ended;
      expect([0, 2], JSON.stringify(end)).toContain(end.status);
      await server.restart();
      const outcome = await withDatabase(server.database(name), {}, async (database) => {
        // A run that has reported its end has survived whole; of another one, a beginning without a gap.
        const kept = await readLedgerNames(database);
        expect(kept).toEqual(names.slice(0, end.status === 0 ? names.length : kept.length));
        await finishRun(server.database(name), folder);
        return await readOutcome(database);
      });
      if (JSON.stringify(outcome) !== JSON.stringify(undisturbed)) losses += 1;
      expect(outcome).toEqual(undisturbed);
    }
    console.log(`killed servers: ${trials} trials, ${losses} losses`);
  });
});

async function readLedgerNames(database: Session): Promise<(string | null)[]> {
  const [row] = await database<{ exists: boolean }[]>`
    select to_regclass('drizzle.__drizzle_migrations') is not null as exists`;
  if (row?.exists !== true) return [];
  const rows = await database<{ name: string | null }[]>`
    select name from drizzle.__drizzle_migrations order by id`;
  return rows.map(({ name }) => name);
}
