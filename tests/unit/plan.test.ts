import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Migration } from "../../src/migrate/folder/read-folder.js";
import type { LedgerEntry } from "../../src/migrate/ledger/ledger.js";
import { pendingMigrations, planMigrations, requireSoundPlan } from "../../src/migrate/plan/plan-migrations.js";

const migration = (name: string, hash = `hash of ${name}`): Migration => ({
  name,
  file: `drizzle/${name}/migration.sql`,
  createdAt: 0,
  sql: "",
  hash,
});
const entry = ({ name, hash }: Migration, id: number): LedgerEntry => ({ id, name, hash, appliedAt: null });

/** Names of a folder, in its order. */
const folder = fc
  .uniqueArray(fc.integer({ min: 20200101000000, max: 20301231235959 }), { maxLength: 12 })
  .map((stamps) =>
    stamps
      .map(String)
      .sort()
      .map((stamp) => migration(`${stamp}_m`)),
  );

describe("a plan", () => {
  it("skips nothing and repeats nothing, whatever was applied before, in whatever order", () => {
    fc.assert(
      fc.property(
        folder.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all))),
        ([all, applied]) => {
          const plan = planMigrations(all, applied.map(entry));
          const pending = pendingMigrations(plan).map(({ name }) => name);
          const done = applied.map(({ name }) => name);
          expect([...pending, ...done].sort()).toEqual(all.map(({ name }) => name));
          expect(pending).toEqual([...pending].sort());
          expect(() => requireSoundPlan(plan)).not.toThrow();
          const after = planMigrations(all, [...applied, ...pendingMigrations(plan)].map(entry));
          expect(pendingMigrations(after)).toEqual([]);
        },
      ),
    );
  });

  it("refuses whatever was edited or is missing, and names it", () => {
    fc.assert(
      fc.property(
        folder.filter((all) => all.length > 0),
        fc.nat(),
        fc.boolean(),
        (all, at, edited) => {
          const index = at % all.length;
          const victim = all[index] as Migration;
          const ledger = all.map(entry);
          const now = edited
            ? all.with(index, migration(victim.name, "another"))
            : all.filter((one) => one !== victim);
          const plan = planMigrations(now, ledger);
          expect(pendingMigrations(plan)).toEqual([]);
          expect(() => requireSoundPlan(plan)).toThrow(
            expect.objectContaining({
              code: "migrations-folder",
              details: [edited ? victim.file : victim.name],
            }),
          );
        },
      ),
    );
  });

  it("takes an edited migration for edited even if it was applied twice by hand", () => {
    const one = migration("20260101000000_a");
    const plan = planMigrations([one], [entry(one, 1), { ...entry(one, 2), hash: "other" }]);
    expect(plan.migrations).toMatchObject([{ state: "edited" }]);
  });
});
