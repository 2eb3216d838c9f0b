import { createHash } from "node:crypto";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { readMigrationFiles as readAsDrizzle } from "drizzle-orm/migrator";
import { readMigrationFiles as readAsDrizzleV0 } from "drizzle-orm-v0/migrator";
import { describe, expect, it } from "vitest";
import { convertedName } from "../../src/migrate/folder/converted-name.js";
import { inspectFolder, readFolder } from "../../src/migrate/folder/read-folder.js";
import { journalFiles, makeFiles } from "../support/migration-folder.js";

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** Texts that are hashed wrongly by whoever trims, decodes or translates them. */
const ODD_TEXTS = ["", "select 1;\r\nselect 2;\r\n", "\uFEFFselect 1;", "select 'ä €';\n\n", "\n"];

describe("a folder in the v1 layout", () => {
  it("is read in the order of the times in the names, whatever order the disk has", async () => {
    const folder = await makeFiles({
      "20260301000000_b/migration.sql": "select 3;",
      "20260101000000_z/migration.sql": "select 1;",
      "20260201000000_größe/migration.sql": "select 2;",
      "20260301000000_a/migration.sql": "select 4;",
      "README.md": "not a migration",
      ".20260101000000_draft.1/migration.sql": "half",
    });
    const migrations = await readFolder(folder);
    expect(migrations.map(({ name, sql }) => [name, sql])).toEqual([
      ["20260101000000_z", "select 1;"],
      ["20260201000000_größe", "select 2;"],
      ["20260301000000_a", "select 4;"],
      ["20260301000000_b", "select 3;"],
    ]);
    expect(migrations[0]).toMatchObject({ layout: "v1", createdAt: Date.UTC(2026, 0, 1) });
    expect(migrations.map(convertedName)).toEqual(migrations.map(({ name }) => name));
  });

  it("has the names, times and hashes that drizzle-orm 1.0 writes into its ledger", async () => {
    const folder = await makeFiles(
      Object.fromEntries(
        ODD_TEXTS.map((text, index) => [`2026010100000${index}_m/migration.sql`, text] as const),
      ),
    );
    const ours = (await readFolder(folder)).map(({ name, createdAt, hash }) => ({ name, createdAt, hash }));
    const theirs = readAsDrizzle({ migrationsFolder: folder });
    expect(ours).toEqual(
      theirs.map(({ name, folderMillis, hash }) => ({ name, createdAt: folderMillis, hash })),
    );
    expect(ours.map(({ hash }) => hash)).toEqual(ODD_TEXTS.map(hashOf));
  });

  it("leaves a byte order mark out of the SQL, which the server would take for a mistake", async () => {
    const folder = await makeFiles({ "20260101000000_a/migration.sql": "\uFEFFselect 1;" });
    expect((await readFolder(folder))[0]?.sql).toBe("select 1;");
  });

  it("is followed through links, and what lies beside a migration is read with it", async () => {
    const elsewhere = await makeFiles({
      "shared/migration.sql": "-- tenantry: no-transaction\nselect 1;",
      "shared/verify.sql": "select 2;",
      "shared/down.sql": "select 3;",
    });
    const folder = await makeFiles({ "20260101000000_a/migration.sql": "select 0;" });
    await symlink(join(elsewhere, "shared"), join(folder, "20260102000000_linked"));
    const [first, second] = await readFolder(folder);
    expect(first?.verifySql).toBeUndefined();
    expect(second).toMatchObject({
      name: "20260102000000_linked",
      directives: { noTransaction: true },
      verifySql: { sql: "select 2;", file: join(folder, "20260102000000_linked", "verify.sql") },
      downSql: { sql: "select 3;" },
    });
  });

  it("refuses a link that leads nowhere, and names it", async () => {
    const folder = await makeFiles({ "20260101000000_a/migration.sql": "" });
    await symlink(join(folder, "gone"), join(folder, "20260102000000_b"));
    await expect(readFolder(folder)).rejects.toThrow(/20260102000000_b leads nowhere/);
  });

  it("names every migration that cannot be read, the others in the details", async () => {
    const folder = await makeFiles({
      "20260101000000_empty/notes.txt": "",
      "20260102000000_utf16/migration.sql": Buffer.from("select 1;", "utf16le"),
      "20260103000000_folder/migration.sql/x": "",
      "old/migration.sql": "select 1;",
    });
    const { migrations, problems } = await inspectFolder(folder);
    expect(migrations).toEqual([]);
    expect(problems.map(({ level }) => level)).toEqual(["error", "error", "error", "error"]);
    const details = problems.map(({ detail }) => detail).join("\n");
    expect(details).toMatch(/20260101000000_empty has no migration\.sql/);
    expect(details).toMatch(/20260102000000_utf16: .* NUL characters/);
    expect(details).toMatch(/20260103000000_folder: .* is a folder/);
    expect(details).toMatch(/old is not named like a migration/);
    const thrown: unknown = await readFolder(folder).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "migrations-folder", details: { length: 3 } });
  });

  it("names a file that cannot be read", async () => {
    const folder = await makeFiles({ "20260101000000_a/notes.txt": "" });
    await symlink("migration.sql", join(folder, "20260101000000_a", "migration.sql"));
    await expect(readFolder(folder)).rejects.toThrow(/20260101000000_a: .* cannot be read: ELOOP/);
  });

  it("warns of names that only some machines tell apart, and of files that nobody applies", async () => {
    const folder = await makeFiles({
      "20260101000000_Init/migration.sql": "select 1;",
      "20260101000000_init/migration.sql": "select 2;",
      "20260102000000_a/migration.sql": Buffer.from([0x2d, 0x2d, 0xff]),
      "0001_old.sql": "select 1;",
      "meta/0000_snapshot.json": "{}",
    });
    const { migrations, problems } = await inspectFolder(folder);
    expect(migrations).toHaveLength(3);
    expect(problems.map(({ level, rule, detail }) => `${level} ${rule} ${detail}`).sort()).toEqual([
      expect.stringMatching(
        /^warning migration-collides 20260101000000_init and 20260101000000_Init are one file/,
      ),
      expect.stringMatching(/^warning migration-orphaned .*0001_old\.sql lies beside/),
      expect.stringMatching(/^warning migration-orphaned migration 20260102000000_a: .* not UTF-8/),
      expect.stringMatching(/^warning migration-orphaned the folder .*meta has no _journal\.json/),
    ]);
  });
});

describe("a folder in the old layout", () => {
  it("has the order, times and hashes that drizzle-orm 0.45 writes into its ledger", async () => {
    const folder = await makeFiles(
      journalFiles(
        ODD_TEXTS.map((sql, index) => ({ tag: `000${index}_m`, when: 1_700_000_000_123 - index, sql })),
      ),
    );
    const ours = await readFolder(folder);
    const theirs = readAsDrizzleV0({ migrationsFolder: folder });
    expect(ours.map(({ createdAt, hash }) => ({ createdAt, hash }))).toEqual(
      theirs.map(({ folderMillis, hash }) => ({ createdAt: folderMillis, hash })),
    );
    expect(ours.map(({ name, layout, index }) => ({ name, layout, index }))).toEqual(
      ODD_TEXTS.map((_, index) => ({ name: `000${index}_m`, layout: "journal", index })),
    );
  });

  it("reads what lies beside a migration, and warns of files that the journal does not name", async () => {
    const folder = await makeFiles({
      ...journalFiles([{ tag: "0000_a", when: 1, sql: "select 1;" }]),
      "0000_a.verify.sql": "select 2;",
      "0000_a.down.sql": "select 3;",
      "0001_orphan.sql": "drop table users;",
      "0001_orphan.down.sql": "",
    });
    const { migrations, problems } = await inspectFolder(folder);
    expect(migrations).toMatchObject([
      { name: "0000_a", verifySql: { sql: "select 2;" }, downSql: { sql: "select 3;" } },
    ]);
    expect(problems).toMatchObject([
      { level: "warning", rule: "migration-orphaned", subject: "0001_orphan.down.sql" },
      { level: "warning", rule: "migration-orphaned", subject: "0001_orphan.sql" },
    ]);
  });

  it("refuses an entry whose file is missing, one that is there twice, and a folder in both layouts", async () => {
    const journal = journalFiles([
      { tag: "0000_a", when: 1, sql: "select 1;" },
      { tag: "0000_a", when: 2, sql: "select 1;" },
      { tag: "0001_gone", when: 3, sql: "" },
    ]);
    const { "0001_gone.sql": _, ...files } = journal;
    const folder = await makeFiles({ ...files, "20260101000000_b/migration.sql": "select 1;" });
    const { problems } = await inspectFolder(folder);
    expect(problems.filter(({ level }) => level === "error").map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/_journal\.json lists 0000_a twice/),
      "migration 0001_gone has no 0001_gone.sql",
      expect.stringMatching(/in two layouts at once/),
    ]);
    await expect(readFolder(folder)).rejects.toMatchObject({ code: "migrations-folder" });
  });

  it("warns of numbers given twice, and of what drizzle-orm 0.x would pass over", async () => {
    const entries = [
      { idx: 0, version: "7", when: 3000, tag: "0000_a", breakpoints: false },
      { idx: 0, version: "7", when: 2000, tag: "0000_b", breakpoints: false },
    ];
    const folder = await makeFiles({
      "meta/_journal.json": JSON.stringify({ version: "5", dialect: "pg", entries }),
      "0000_a.sql": "",
      "0000_b.sql": "",
    });
    const { migrations, problems } = await inspectFolder(folder);
    expect(migrations.map(({ name }) => name)).toEqual(["0000_a", "0000_b"]);
    expect(problems).toMatchObject([
      { level: "warning", rule: "migration-collides", subject: "0000_b" },
      { level: "warning", rule: "migration-out-of-order", subject: "0000_b" },
    ]);
  });

  it.each([
    ["not JSON", "<<<<<<< HEAD", /is not JSON/],
    ["no journal", '{"entries": 3}', /is not a journal/],
    ["another database", '{"version":"5","dialect":"mysql","entries":[]}', /its dialect is mysql/],
    ["of an unknown version", '{"version":"99","dialect":"postgresql","entries":[]}', /has version 99/],
    [
      "leading out of the folder",
      '{"version":"7","dialect":"pg","entries":[{"idx":0,"when":1,"tag":"../../etc/x"}]}',
      /outside of the migrations folder/,
    ],
    [
      "with a time that is none",
      '{"version":"7","dialect":"pg","entries":[{"idx":0,"when":1e99,"tag":"a"}]}',
      /is not a journal/,
    ],
  ])("refuses a journal that is %s", async (_, text, message) => {
    const folder = await makeFiles({ "meta/_journal.json": text });
    await expect(readFolder(folder)).rejects.toMatchObject({
      code: "migrations-folder",
      message: expect.stringMatching(message),
    });
  });

  it("knows the names that drizzle-kit up gives", async () => {
    const when = Date.UTC(2024, 3, 16, 10, 19, 1, 218);
    expect(convertedName({ layout: "journal", name: "0000_reflective_puck", createdAt: when })).toBe(
      "20240416101901_reflective_puck",
    );
  });
});
