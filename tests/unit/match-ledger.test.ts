import { describe, expect, it } from "vitest";
import type { LedgerEntry } from "../../src/migrate/ledger/ledger.js";
import { describeEntry, matchLedger } from "../../src/migrate/ledger/match-ledger.js";
import { aMigration } from "../support/migration-folder.js";

const row = (parts: Partial<LedgerEntry>): LedgerEntry => ({
  id: 1,
  name: "",
  hash: "0".repeat(64),
  createdAt: null,
  appliedAt: null,
  ...parts,
});

const first = aMigration({ name: "20260101000000_first", createdAt: 1_000_000 });
const second = aMigration({ name: "20260102000000_second", createdAt: 2_000_000 });
const folder = [first, second];

const namesOf = (ledger: LedgerEntry[], migrations = folder) => {
  const { matched, unmatched, ambiguous } = matchLedger(migrations, ledger);
  return {
    matched: ledger.map((entry) => matched.get(entry)?.name),
    unmatched: unmatched.length,
    ambiguous: ambiguous.map(({ candidates }) => candidates.map(({ name }) => name)),
  };
};

describe("a row of the ledger", () => {
  it("is the migration of its name, whatever hash and time say", () => {
    const entry = row({ name: second.name, hash: first.hash, createdAt: first.createdAt });
    expect(namesOf([entry])).toEqual({ matched: [second.name], unmatched: 0, ambiguous: [] });
  });

  it("with a name that is gone is no migration, even if its hash is there", () => {
    expect(namesOf([row({ name: "20250101000000_renamed", hash: first.hash })])).toMatchObject({
      matched: [undefined],
      unmatched: 1,
    });
  });

  it("without a name is the migration of its hash before that of its time", () => {
    const entry = row({ hash: first.hash, createdAt: second.createdAt });
    expect(namesOf([entry]).matched).toEqual([first.name]);
  });

  it("without name and hash is the migration of its time, to the second", () => {
    expect(namesOf([row({ createdAt: 2_000_999 })]).matched).toEqual([second.name]);
    expect(namesOf([row({ createdAt: 2_001_000 })])).toMatchObject({ matched: [undefined], unmatched: 1 });
    expect(namesOf([row({ createdAt: null })])).toMatchObject({ unmatched: 1 });
  });

  it("is not the migration of its time if another row has that by its hash", () => {
    const ledger = [
      row({ id: 1, createdAt: 2_000_000 }),
      row({ id: 2, hash: second.hash, createdAt: 2_000_000 }),
    ];
    expect(namesOf(ledger)).toEqual({ matched: [undefined, second.name], unmatched: 1, ambiguous: [] });
  });

  it("of several migrations with one text is that of its time, and without a time any of them: which is told", () => {
    const twins = [1, 2, 3].map((number) =>
      aMigration({ name: `2026010${number}000000_empty`, sql: "", createdAt: number * 1_000_000 }),
    );
    const hash = twins[0]?.hash ?? "";
    const ledger = [row({ hash, createdAt: 2_000_321 }), row({ hash, createdAt: 9 }), row({ hash })];
    const all = twins.map(({ name }) => name);
    expect(namesOf(ledger, twins)).toEqual({
      matched: [all[1], undefined, undefined],
      unmatched: 0,
      ambiguous: [all, all],
    });
  });

  it("of the old layout is known by its tag and by the name that it gets when the folder is converted", () => {
    const old = aMigration({
      name: "0001_add",
      layout: "journal",
      createdAt: Date.UTC(2024, 0, 2, 3, 4, 5, 678),
    });
    const ledger = [row({ name: "0001_add" }), row({ name: "20240102030405_add" })];
    expect(namesOf(ledger, [old]).matched).toEqual(["0001_add", "0001_add"]);
  });

  it("is described by what is known of it", () => {
    expect(describeEntry(row({ name: "a" }))).toBe("a");
    expect(describeEntry(row({ id: 7, hash: "abcdef0123456789", createdAt: 0 }))).toBe(
      "row 7 of the ledger (hash abcdef012345, 1970-01-01T00:00:00.000Z)",
    );
    expect(describeEntry(row({ id: 8, hash: "", createdAt: 9e15 }))).toBe(
      "row 8 of the ledger (hash empty, 9000000000000000)",
    );
  });
});
