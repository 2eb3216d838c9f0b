import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/core/logger.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { describeArrival, isProven, readTargetFacts } from "../../src/migrate/stamp/arrive.js";
import type { Replay } from "../../src/migrate/stamp/replay.js";
import { withReplay } from "../../src/migrate/stamp/replay.js";
import { runOnShadow } from "../../src/migrate/stamp/run-on-shadow.js";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";

const CORPUS =
  process.env.TENANTRY_CORPORA ?? fileURLToPath(new URL("../../../shared/corpora", import.meta.url));
const dokploy = `${CORPUS}/dokploy`;
const scope = { ledger: DEFAULT_LEDGER, ignore: [] };

/** Numbers of migrations, the first and the last among them. */
const POINTS = [1, 40, 95, 150, 186];

describe.skipIf(!existsSync(dokploy))("186 real migrations", () => {
  let replay: Replay;

  beforeAll(async () => {
    const place = {
      server: new URL(serverUrl),
      connect: {},
      out: dokploy,
      signal: undefined,
      logger: silentLogger,
    };
    replay = await withReplay(place, await readFolder(dokploy), async (made) => made);
  }, 300_000);

  it("are recognised at five points, and at none with one column off", async () => {
    const folder = await readFolder(dokploy);
    const { admin } = await createEmptyDatabase();
    const told: Record<number, unknown> = {};
    for (const [index, migration] of folder.entries()) {
      await runOnShadow(admin, migration, undefined);
      const step = index + 1;
      if (!POINTS.includes(step)) continue;
      const exact = await readTargetFacts(admin, replay);
      const arrival = describeArrival(replay, folder, exact, scope);
      told[step] = arrival.kind === "recognised" ? arrival.to : arrival;
      expect(isProven(replay, step, exact, scope)).toBe(true);
      await admin.unsafe(`alter table "project" add column one_too_many int`);
      const off = await readTargetFacts(admin, replay);
      expect(describeArrival(replay, folder, off, scope)).toMatchObject({
        kind: "unknown",
        nearest: migration.name,
        differences: ['column "public"."project"."one_too_many"'],
        toFolder: { statements: ['alter table "public"."project" drop column "one_too_many"'], rest: [] },
        toDatabase: {
          statements: ['alter table "public"."project" add column "one_too_many" integer'],
          rest: [],
        },
      });
      await admin.unsafe(`alter table "project" drop column one_too_many`);
    }
    expect(told).toEqual(Object.fromEntries(POINTS.map((step) => [step, folder[step - 1]?.name])));
  }, 300_000);

  it("are replayed once, and taken from the template the next time", async () => {
    const place = {
      server: new URL(serverUrl),
      connect: {},
      out: dokploy,
      signal: undefined,
      logger: silentLogger,
    };
    const again = await withReplay(place, await readFolder(dokploy), async (made) => made);
    expect(again.steps.map(({ name }) => name)).toEqual(replay.steps.map(({ name }) => name));
    expect(again).toEqual(replay);
  }, 300_000);
});
