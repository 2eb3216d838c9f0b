import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkFolder, FOLDER_RULES } from "../../src/migrate/check-folder/check-folder.js";
import type { CommittedFiles } from "../../src/migrate/check-folder/committed-files.js";
import type { ScannedFolder } from "../../src/migrate/check-folder/scan-folder.js";

const ROOT = "00000000-0000-0000-0000-000000000000";
const one = { name: "20260101000000_one", sql: "select 1;", snapshot: { id: "1", prevIds: [ROOT] } };
const two = { name: "20260102000000_two", sql: "select 2;", snapshot: { id: "2", prevIds: ["1"] } };

const blob = (text: string) =>
  createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest("hex");
const tree = (...folders: readonly ScannedFolder[]) =>
  new Map(folders.map(({ name, sql }) => [`${name}/migration.sql`, blob(sql ?? "")]));

function find(folders: readonly ScannedFolder[], committed?: CommittedFiles): string[] {
  return checkFolder({ folders, committed, fileOf: (name, file) => `drizzle/${name}/${file}` }).map(
    ({ rule, level, file }) => `${level === "warning" ? "warning " : ""}${rule} ${file}`,
  );
}

it("are five, and each has its tests here", () => {
  expect(FOLDER_RULES.map(({ id }) => id)).toEqual([
    "migration-edited",
    "migration-missing",
    "migration-orphaned",
    "migration-collides",
    "migration-out-of-order",
  ]);
});

it("finds nothing in a sound folder, with git or without", () => {
  expect(find([one, two])).toEqual([]);
  expect(find([one, two], { merged: tree(one), head: tree(one, two) })).toEqual([]);
  expect(find([])).toEqual([]);
});

describe("migration-edited", () => {
  it("finds a merged migration whose text has changed", () => {
    expect(find([{ ...one, sql: "select 9;" }], { merged: tree(one), head: tree(one) })).toEqual([
      "migration-edited drizzle/20260101000000_one/migration.sql",
    ]);
  });

  it("warns of one that is committed on the branch alone", () => {
    expect(find([one, { ...two, sql: "select 9;" }], { merged: tree(one), head: tree(one, two) })).toEqual([
      "warning migration-edited drizzle/20260102000000_two/migration.sql",
    ]);
  });

  it("is silent on other line ends, and on a migration that is new", () => {
    const lines = { ...one, sql: "select 1;\nselect 2;\n" };
    expect(
      find([{ ...lines, sql: "select 1;\r\nselect 2;\r\n" }], { merged: tree(lines), head: tree(lines) }),
    ).toEqual([]);
    expect(find([one, two], { merged: tree(one), head: tree(one) })).toEqual([]);
  });
});

describe("migration-missing", () => {
  it("finds a parent that is not there", () => {
    expect(find([two])).toEqual(["migration-missing drizzle/20260102000000_two/snapshot.json"]);
  });

  it("finds a merged migration that was deleted, and tells it once", () => {
    expect(find([two], { merged: tree(one, two), head: tree(one, two) })).toEqual([
      "migration-missing drizzle/20260101000000_one/migration.sql",
    ]);
  });

  it("is silent on one that was deleted before it was merged", () => {
    expect(find([one], { merged: tree(one), head: tree(one, two) })).toEqual([]);
  });
});

describe("migration-orphaned", () => {
  it.each([
    ["without migration.sql", { ...two, sql: undefined }, "migration.sql"],
    ["without snapshot.json", { ...two, snapshot: "missing" as const }, "migration.sql"],
    ["with a snapshot that is none", { ...two, snapshot: "unreadable" as const }, "snapshot.json"],
  ])("finds a folder %s", (_, folder, file) => {
    expect(find([one, folder])).toEqual([`migration-orphaned drizzle/20260102000000_two/${file}`]);
  });

  it("is silent where no folder has a snapshot", () => {
    expect(
      find([
        { ...one, snapshot: "missing" },
        { ...two, snapshot: "missing" },
      ]),
    ).toEqual([]);
  });
});

describe("migration-collides", () => {
  it("finds two migrations of one second", () => {
    const twin = { name: "20260101000000_twin", sql: "", snapshot: { id: "3", prevIds: ["1"] } };
    expect(find([one, twin])).toEqual(["migration-collides drizzle/20260101000000_twin/migration.sql"]);
  });

  it("finds two snapshots of one id", () => {
    const copy = { ...one, name: "20260103000000_copy" };
    expect(find([one, copy])).toEqual(["migration-collides drizzle/20260103000000_copy/snapshot.json"]);
  });

  it("is silent on two branches of one parent", () => {
    expect(
      find([one, two, { ...two, name: "20260103000000_three", snapshot: { id: "3", prevIds: ["1"] } }]),
    ).toEqual([]);
  });
});

describe("migration-out-of-order", () => {
  it("finds a migration that sorts before its parent", () => {
    const early = { name: "20251231000000_early", sql: "", snapshot: { id: "3", prevIds: ["1"] } };
    expect(find([early, one])).toEqual(["migration-out-of-order drizzle/20251231000000_early/migration.sql"]);
  });

  it("is silent on a merged branch that is older than the newest migration", () => {
    const branch = { name: "20260101120000_branch", sql: "", snapshot: { id: "3", prevIds: ["1"] } };
    expect(find([one, branch, two])).toEqual([]);
  });
});
