import { beforeAll, describe, expect, it, vi } from "vitest";
import { makeTemporaryFolder } from "../e2e/support/temporary-folder.js";
import { writeFaultFolder } from "./support/fault-folder.js";
import { countMessages, isLongForm, readUndisturbed, runAll, runTrial } from "./support/fault-trials.js";
import type { RunOutcome } from "./support/read-outcome.js";

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 300_000 });

describe("a connection that is cut at any step of the protocol", () => {
  let folder: string;
  let undisturbed: RunOutcome;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    await writeFaultFolder(folder, 6);
    undisturbed = await readUndisturbed(folder);
  });

  it.each(["connection", "all"] as const)(
    "(%s) ends the run with an error that says so, and loses nothing",
    async (fault) => {
      const messages = await countMessages(folder);
      const points = Array.from({ length: messages }, (_, index) => index + 1).flatMap((message) =>
        (["before", "after", "answered"] as const).map((moment) => ({ message, moment, fault })),
      );
      const chosen = isLongForm ? points : points.filter((_, index) => index % 21 === 0);
      const trials = await runAll(chosen, 3, (point) => runTrial(folder, point));
      const lost = trials.filter(({ outcome }) => JSON.stringify(outcome) !== JSON.stringify(undisturbed));
      const late = trials.filter(({ hasStruck }) => !hasStruck);
      console.log(
        `cut (${fault}) at one of ${messages} messages: ${trials.length} trials, ${late.length} too late, ${lost.length} losses`,
      );
      expect(late.length).toBeLessThan(trials.length / 10);
      for (const { name, outcome } of lost) expect(outcome, name).toEqual(undisturbed);
      // Cut at the very end of a run, nothing of it was lost: 0. Otherwise an error that tenantry understands, no stack.
      const unexplained = trials.filter(({ end }) => end.status !== 0 && end.status !== 2);
      expect(unexplained.map(({ name, end }) => ({ name, end }))).toEqual([]);
    },
  );
});
