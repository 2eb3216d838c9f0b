import { describe, expect, it } from "vitest";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { readParents } from "../../src/migrate/folder/read-parents.js";
import { journalFiles, makeFiles } from "../support/migration-folder.js";

const ROOT = "00000000-0000-0000-0000-000000000000";
const snapshot = (id: string, ...prevIds: string[]) =>
  JSON.stringify({ type: "diff", version: "9", dialect: "postgres", id, prevIds, footprints: [] }, null, 2);

/** The parents of each migration, by the part of its name after the time, and the warnings. */
async function read(files: Readonly<Record<string, string>>) {
  const { migrations, problems } = await readParents(await readFolder(await makeFiles(files)));
  const short = (name: string) => name.split("_")[1] ?? name;
  return {
    parents: Object.fromEntries(migrations.map(({ name, parents }) => [short(name), parents?.map(short)])),
    problems: problems.map(({ level, rule, detail }) => `${level} ${rule} ${detail}`),
  };
}

describe("the parents of migrations", () => {
  it("are those of the snapshots, whatever comes first in them and however they are written", async () => {
    expect(
      await read({
        "20260101000000_a/migration.sql": "",
        "20260101000000_a/snapshot.json": snapshot("1", ROOT),
        "20260102000000_b/migration.sql": "",
        "20260102000000_b/snapshot.json": `\uFEFF${snapshot("2", "1")}`,
        "20260103000000_c/migration.sql": "",
        "20260103000000_c/snapshot.json": JSON.stringify({
          ddl: [{ id: "x", prevIds: ["2"] }],
          prevIds: ["1"],
          id: "3",
        }),
        "20260104000000_d/migration.sql": "",
        "20260104000000_d/snapshot.json": JSON.stringify({ id: '4"\\', prevIds: ["3", "2"] }),
        "20260105000000_e/migration.sql": "",
        "20260105000000_e/snapshot.json": JSON.stringify({
          id: "5",
          prevIds: ['4"\\'],
          pad: "x".repeat(9000),
        }),
      }),
    ).toEqual({ parents: { a: [], b: ["a"], c: ["a"], d: ["c", "b"], e: ["d"] }, problems: [] });
  });

  it("are unknown without snapshots, and that is nothing to be told", async () => {
    const folder = { "20260101000000_a/migration.sql": "", "20260102000000_b/migration.sql": "" };
    expect(await read(folder)).toEqual({ parents: { a: undefined, b: undefined }, problems: [] });
  });

  it("are unknown of the first snapshot behind migrations that are written by hand", async () => {
    const { parents } = await read({
      "20260101000000_hand/migration.sql": "",
      "20260102000000_init/migration.sql": "",
      "20260102000000_init/snapshot.json": snapshot("1", ROOT),
      "20260103000000_next/migration.sql": "",
      "20260103000000_next/snapshot.json": snapshot("2", "1"),
      "20260104000000_branch/migration.sql": "",
      "20260104000000_branch/snapshot.json": snapshot("3", ROOT),
    });
    expect(parents).toEqual({ hand: undefined, init: undefined, next: ["init"], branch: [] });
  });

  it("are told to be unknown where a snapshot is missing, broken, a copy, or follows what is gone", async () => {
    expect(
      await read({
        "20260101000000_a/migration.sql": "",
        "20260101000000_a/snapshot.json": snapshot("1", ROOT),
        "20260102000000_missing/migration.sql": "",
        "20260103000000_broken/migration.sql": "",
        "20260103000000_broken/snapshot.json": "<<<<<<< HEAD",
        "20260104000000_copy/migration.sql": "",
        "20260104000000_copy/snapshot.json": snapshot("1", ROOT),
        "20260105000000_lost/migration.sql": "",
        "20260105000000_lost/snapshot.json": snapshot("5", "gone"),
        "20260106000000_half/migration.sql": "",
        "20260106000000_half/snapshot.json": snapshot("6", "gone", "5"),
      }),
    ).toEqual({
      parents: {
        a: undefined,
        missing: undefined,
        broken: undefined,
        copy: undefined,
        lost: undefined,
        half: ["lost"],
      },
      problems: [
        expect.stringMatching(/^warning migration-orphaned .*broken.*snapshot\.json is no snapshot/),
        expect.stringMatching(/^warning migration-orphaned 20260102000000_missing has no snapshot/),
        expect.stringMatching(/^warning migration-collides .*_a and .*_copy have the same id/),
        expect.stringMatching(/^warning migration-missing 20260105000000_lost follows .*\(snapshot gone\)/),
        expect.stringMatching(/^warning migration-missing 20260106000000_half follows .*\(snapshot gone\)/),
      ],
    });
  });

  it("are read from the old layout, where two migrations of one number share a snapshot", async () => {
    const files = journalFiles(
      ["0000_a", "0001_b", "0002_c", "0002_d"].map((tag, when) => ({ tag, when: when * 1000, sql: "" })),
    );
    const old = (id: string, prevId: string) =>
      JSON.stringify({ id, prevId, version: "7", dialect: "postgresql" });
    expect(
      await read({
        ...files,
        "meta/0000_snapshot.json": old("1", ROOT),
        "meta/0001_snapshot.json": old("2", "1"),
        "meta/0002_snapshot.json": old("3", "2"),
      }),
    ).toEqual({
      parents: { a: [], b: ["a"], c: undefined, d: undefined },
      problems: [expect.stringMatching(/^warning migration-collides 0002_c and 0002_d share a snapshot/)],
    });
  });
});
