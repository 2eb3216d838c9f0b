import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { makeTemporaryFolder } from "../e2e/support/temporary-folder.js";
import { writeFaultFolder } from "./support/fault-folder.js";
import {
  countMessages,
  finishRun,
  isLongForm,
  readUndisturbed,
  runAll,
  runTrial,
  withTrialDatabase,
} from "./support/fault-trials.js";
import { type RunOutcome, readOutcome } from "./support/read-outcome.js";
import { startMigrator } from "./support/start-migrator.js";

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 300_000 });

const AT_ONCE = 3;

describe("a migrator that is killed with SIGKILL", () => {
  let folder: string;
  let undisturbed: RunOutcome;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    await writeFaultFolder(folder, 6);
    undisturbed = await readUndisturbed(folder);
  });

  it("at any message that it sends has lost nothing and repeats nothing when the run is finished", async () => {
    const messages = await countMessages(folder);
    const points = Array.from({ length: messages }, (_, index) => index + 1).flatMap((message) =>
      (["before", "after", "answered"] as const).map((moment) => ({
        message,
        moment,
        fault: "kill" as const,
      })),
    );
    // The test run takes every tenth, another moment each; the long form takes all.
    const chosen = isLongForm ? points : points.filter((_, index) => index % 10 === 0);
    const trials = await runAll(chosen, AT_ONCE, (point) => runTrial(folder, point));
    const [struck, late] = [true, false].map((is) => trials.filter(({ hasStruck }) => hasStruck === is));
    expect(struck?.filter(({ end }) => end.signal !== "SIGKILL")).toEqual([]);
    expect(late?.length).toBeLessThan(trials.length / 10);
    const lost = trials.filter(({ outcome }) => !isSame(outcome, undisturbed));
    console.log(
      `killed at one of ${messages} messages: ${trials.length} trials, ${late?.length} too late, ${lost.length} losses`,
    );
    expect(trials.length).toBeGreaterThan(20);
    for (const { name, outcome } of lost) expect(outcome, name).toEqual(undisturbed);
  });
});

describe("a run of 30 migrations that is killed at a random moment", () => {
  it("has lost nothing and repeats nothing when the run is finished", async () => {
    const folder = await makeTemporaryFolder();
    await writeFaultFolder(folder, 30);
    const undisturbed = await readUndisturbed(folder);
    const whole = await withTrialDatabase(async ({ adminUrl }) => {
      const started = performance.now();
      await startMigrator(adminUrl, folder).ended;
      return performance.now() - started;
    });
    const moments = Array.from({ length: isLongForm ? 200 : 10 }, () => Math.random() * whole);
    let killed = 0;
    const outcomes = await runAll(moments, AT_ONCE, async (moment) =>
      withTrialDatabase(async ({ adminUrl, admin }) => {
        const { child, ended } = startMigrator(adminUrl, folder);
        await Promise.race([pause(moment), ended]);
        child.kill("SIGKILL");
        if ((await ended).signal === "SIGKILL") killed += 1;
        await finishRun(adminUrl, folder);
        return await readOutcome(admin);
      }),
    );
    const lost = outcomes.filter((outcome) => !isSame(outcome, undisturbed));
    console.log(`killed at a random moment: ${killed} of ${outcomes.length} trials, ${lost.length} losses`);
    expect(killed).toBeGreaterThan(0);
    for (const outcome of lost) expect(outcome).toEqual(undisturbed);
  });
});

function isSame(one: RunOutcome, other: RunOutcome): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
