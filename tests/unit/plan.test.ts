import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Migration } from "../../src/migrate/folder/migration.js";
import type { LedgerEntry } from "../../src/migrate/ledger/ledger.js";
import { readGraph } from "../../src/migrate/plan/migration-graph.js";
import { orderMigrations } from "../../src/migrate/plan/order-migrations.js";
import { pendingMigrations, planMigrations } from "../../src/migrate/plan/plan-migrations.js";
import { requireSoundPlan } from "../../src/migrate/plan/require-sound-plan.js";
import { aMigration } from "../support/migration-folder.js";

const migration = (name: string, parts: Partial<Migration> = {}) => {
  const [, stamp = "0"] = /^(\d+)_/.exec(name) ?? [];
  return aMigration({ name, createdAt: Number(stamp) % 1_000_000_000_000, ...parts });
};

const entry = ({ name, hash, createdAt }: Migration, id: number): LedgerEntry => ({
  id,
  name,
  hash,
  createdAt,
  appliedAt: null,
});

/** As drizzle-orm 0.x would have recorded it. */
const nameless = (one: Migration, id: number): LedgerEntry => ({ ...entry(one, id), name: "" });

/** A random graph: each follows some of those before it, or, without a snapshot, nobody knows. */
const graph = fc
  .uniqueArray(fc.integer({ min: 20200101000000, max: 20301231235959 }), { maxLength: 12 })
  .chain((stamps) =>
    fc.tuple(
      ...stamps.map((stamp, index) =>
        fc.record({
          name: fc.constant(`${stamp}_m`),
          parents: fc.option(fc.subarray(stamps.slice(0, index).map((one) => `${one}_m`))),
        }),
      ),
    ),
  )
  .map((nodes) => nodes.map(({ name, parents }) => migration(name, parents === null ? {} : { parents })));

/** A graph, what of it was applied in whatever order, and the folder in another order. */
const situation = graph.chain((all) =>
  fc.record({
    all: fc.constant(all),
    shuffled: fc.shuffledSubarray(all, { minLength: all.length }),
    applied: fc.shuffledSubarray(all),
    hasNames: fc.boolean(),
  }),
);

const namesOf = (migrations: readonly Migration[]) => migrations.map(({ name }) => name);

describe("a plan", () => {
  it("skips nothing and repeats nothing, whatever was applied before, in whatever order", () => {
    fc.assert(
      fc.property(situation, ({ all, applied, hasNames }) => {
        const ledger = applied.map(hasNames ? entry : nameless);
        const plan = planMigrations(all, ledger);
        const pending = pendingMigrations(plan);
        expect([...namesOf(pending), ...namesOf(applied)].sort()).toEqual(namesOf(all).sort());
        expect(plan).toMatchObject({ missing: [], duplicates: [], ambiguous: [] });
        expect(() => requireSoundPlan(plan)).not.toThrow();
        const after = planMigrations(all, [...applied, ...pending].map(hasNames ? entry : nameless));
        expect(pendingMigrations(after)).toEqual([]);
      }),
    );
  });

  it("puts parents before children, and is the same for any order of the files", () => {
    fc.assert(
      fc.property(situation, ({ all, shuffled, applied }) => {
        const ledger = applied.map(entry);
        const plan = planMigrations(all, ledger);
        expect(planMigrations(shuffled, ledger)).toEqual(plan);
        expect(planMigrations(plan.migrations, ledger)).toEqual(plan);
        const order = namesOf(plan.migrations);
        for (const { name, parents = [] } of plan.migrations) {
          for (const parent of parents) expect(order.indexOf(parent)).toBeLessThan(order.indexOf(name));
        }
        if (all.every(({ parents }) => parents === undefined)) expect(order).toEqual([...order].sort());
      }),
    );
  });

  it("calls late what is pending and older than something applied, and nothing else", () => {
    fc.assert(
      fc.property(situation, ({ all, applied }) => {
        const { migrations } = planMigrations(all, applied.map(entry));
        const last = migrations.findLastIndex(({ state }) => state === "applied");
        const newest = Math.max(...applied.map(({ createdAt }) => createdAt));
        for (const [index, { state, createdAt }] of migrations.entries()) {
          const isOlder = index < last || createdAt < newest;
          if (state !== "applied") expect(state).toBe(isOlder ? "late" : "pending");
        }
      }),
    );
  });

  it("refuses whatever was edited or is missing, and names it", () => {
    fc.assert(
      fc.property(
        situation.filter(({ all }) => all.length > 0),
        fc.nat(),
        fc.boolean(),
        ({ all, hasNames }, at, edited) => {
          const index = at % all.length;
          const victim = all[index] as Migration;
          const ledger = all.map(hasNames ? entry : nameless);
          const now = edited
            ? all.with(index, { ...victim, sql: "edited", hash: "f".repeat(64) })
            : all.filter((one) => one !== victim);
          const plan = planMigrations(now, ledger);
          expect(pendingMigrations(plan)).toEqual([]);
          const detail = edited
            ? victim.file
            : hasNames
              ? victim.name
              : expect.stringMatching(/^row \d+ of the ledger/);
          expect(() => requireSoundPlan(plan)).toThrow(
            expect.objectContaining({ code: "migrations-folder", details: [detail] }),
          );
          if (edited) expect(() => requireSoundPlan(plan, { acceptEdited: [victim.name] })).not.toThrow();
        },
      ),
    );
  });

  it("takes an edited migration for edited even if it was applied twice by hand", () => {
    const one = migration("20260101000000_a");
    const plan = planMigrations([one], [entry(one, 1), { ...entry(one, 2), hash: "other" }]);
    expect(plan).toMatchObject({
      migrations: [{ state: "edited", edit: "unknown" }],
      duplicates: [one.name],
    });
  });

  it("tells an edit from other line ends", () => {
    const before = migration("20260101000000_a", { sql: "select 1;\nselect 2;\n" });
    const states = ["select 1;\r\nselect 2;\r\n", "select 1;\nselect 2;", "select 1;\nselect  2;\n"].map(
      (sql) => planMigrations([migration("20260101000000_a", { sql })], [entry(before, 1)]).migrations[0],
    );
    expect(states.map((one) => [one?.state, one?.edit])).toEqual([
      ["edited", "line-ends"],
      ["edited", "line-ends"],
      ["edited", "content"],
    ]);
  });

  it("refuses to accept the edit of a migration that is not there", () => {
    expect(() => requireSoundPlan(planMigrations([], []), { acceptEdited: ["nothing"] })).toThrow(
      expect.objectContaining({ code: "argument-invalid" }),
    );
  });

  it("applies nothing of which a row could tell that it was applied, and refuses until somebody says so", () => {
    const twins = ["20260101000000_a", "20260102000000_b"].map((name) => migration(name, { sql: "" }));
    const plan = planMigrations(twins, [{ ...nameless(twins[0] as Migration, 3), createdAt: null }]);
    expect(pendingMigrations(plan)).toEqual([]);
    expect(plan.ambiguous).toMatchObject([{ candidates: namesOf(twins) }]);
    expect(() => requireSoundPlan(plan)).toThrow(
      expect.objectContaining({
        details: [expect.stringMatching(/^row 3 .*: 20260101000000_a or 20260102000000_b$/)],
      }),
    );
  });

  it("survives a circle of parents", () => {
    const circle = [
      migration("20260101000000_a", { parents: ["20260102000000_b"] }),
      migration("20260102000000_b", { parents: ["20260101000000_a"] }),
    ];
    expect(pendingMigrations(planMigrations(circle, []))).toHaveLength(2);
  });

  it("names the migrations that nothing follows", () => {
    const folder = [
      migration("20260101000000_a", { parents: [] }),
      migration("20260102000000_b", { parents: ["20260101000000_a"] }),
      migration("20260103000000_c", { parents: ["20260101000000_a"] }),
      migration("20260104000000_d"),
    ];
    expect(planMigrations(folder, []).heads).toEqual(["20260102000000_b", "20260104000000_d"]);
    expect(planMigrations([], []).heads).toEqual([]);
  });

  it("takes no migration without a snapshot for a branch", () => {
    const [a, h, i] = ["20260101000000_a", "20260102000000_h", "20260103000000_i"];
    const [b, c] = ["20260104000000_b", "20260105000000_c"];
    const byHand = [migration(h), migration(i)];
    const follows = (name: string, ...parents: string[]) => migration(name, { parents });
    const graphOf = (folder: readonly Migration[]) => {
      const { parents, heads } = readGraph(orderMigrations(folder));
      return { parents: Object.fromEntries(parents), heads };
    };

    expect(graphOf([...byHand, follows(b)])).toEqual({
      parents: { [h]: [], [i]: [h], [b]: [i] },
      heads: [b],
    });
    expect(graphOf([follows(a), ...byHand, follows(b, a), follows(c, b)])).toEqual({
      parents: { [a]: [], [h]: [a], [i]: [h], [b]: [i], [c]: [b] },
      heads: [c],
    });
    expect(graphOf([follows(a), migration(h), follows(b, a), follows(c, a)]).heads).toEqual([b, c]);
  });

  it("takes it for a part of the branch that it was written on, if the other one knows nothing of that", () => {
    const [a, b, h] = ["20260101000000_a", "20260102000000_b", "20260103000000_h"];
    const [c, d] = ["20260104000000_c", "20260105000000_d"];
    const forked = [
      migration(a, { parents: [] }),
      migration(b, { parents: [a] }),
      migration(h),
      migration(c, { parents: [a] }),
    ];
    expect(readGraph(forked).heads).toEqual([h, c]);
    expect(readGraph([...forked, migration(d, { parents: [b, c] })])).toMatchObject({ heads: [d] });
  });

  it("has one head for each branch of the snapshots, however many migrations without one lie in between", () => {
    fc.assert(
      fc.property(graph, (folder) => {
        const ordered = orderMigrations(folder);
        const { parents, heads } = readGraph(ordered);
        const names = namesOf(ordered);
        for (const [name, above] of parents)
          for (const one of above) expect(names.indexOf(one)).toBeLessThan(names.indexOf(name));
        const known = ordered.filter((one) => one.parents !== undefined);
        const headsKnown = readGraph(known.map((one) => ({ ...one, parents: one.parents ?? [] }))).heads;
        expect(heads.length).toBeLessThanOrEqual(Math.max(headsKnown.length + 1, 1));
      }),
    );
  });
});
