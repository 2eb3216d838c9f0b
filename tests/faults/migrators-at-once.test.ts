import { beforeAll, describe, expect, it, vi } from "vitest";
import { makeTemporaryFolder } from "../e2e/support/temporary-folder.js";
import { writeFaultFolder } from "./support/fault-folder.js";
import { readUndisturbed, withTrialDatabase } from "./support/fault-trials.js";
import { type RunOutcome, readOutcome } from "./support/read-outcome.js";
import { startMigrator } from "./support/start-migrator.js";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

describe("twenty migrators that start at once, some of whose work is CREATE INDEX CONCURRENTLY", () => {
  let folder: string;
  let undisturbed: RunOutcome;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    await writeFaultFolder(folder, 10);
    undisturbed = await readUndisturbed(folder);
  });

  it("all succeed, and every migration is applied once", async () => {
    await withTrialDatabase(async ({ adminUrl, admin }) => {
      const runs = Array.from({ length: 20 }, () => startMigrator(adminUrl, folder).ended);
      const ends = await Promise.all(runs);
      expect(ends.map(({ status, outcome }) => ({ status, code: codeOf(outcome) }))).toEqual(
        ends.map(() => ({ status: 0, code: undefined })),
      );
      const applied = ends.flatMap(({ outcome }) => (outcome && "applied" in outcome ? outcome.applied : []));
      expect(applied).toHaveLength(10);
      expect(new Set(applied).size).toBe(10);
      expect(await readOutcome(admin)).toEqual(undisturbed);
    });
  });
});

function codeOf(outcome: object | undefined): unknown {
  return outcome === undefined ? "none" : Reflect.get(outcome, "code");
}
