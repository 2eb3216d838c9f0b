import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { checkJournalLayout } from "../../src/migrate/check-folder/check-journal-layout.js";
import { journalFiles, makeFiles } from "../support/migration-folder.js";

const idOf = (text: string) =>
  createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest("hex");

it("finds in the old layout what was edited or deleted after it was merged, and what nobody applies", async () => {
  const path = await makeFiles({
    ...journalFiles([
      { tag: "0000_same", when: 1000, sql: "\uFEFFselect 1;" },
      { tag: "0001_edited", when: 2000, sql: "select 2; -- now" },
      { tag: "0002_new", when: 3000, sql: "select 3;" },
    ]),
    "0003_orphan.sql": "select 4;",
  });
  const merged = new Map([
    ["meta/_journal.json", idOf("{}")],
    ["0000_same.sql", idOf("\uFEFFselect 1;")],
    ["0001_edited.sql", idOf("select 2;")],
    ["0003_orphan.sql", idOf("select 0;")],
    ["0004_deleted.sql", idOf("select 5;")],
  ]);
  const show = (file: string) => file.replace(`${path}/`, "drizzle/");
  const findings = await checkJournalLayout(path, { merged, head: merged }, show);
  expect(findings.map(({ rule, level, file }) => `${level} ${rule} ${file}`).sort()).toEqual([
    "error migration-edited drizzle/0001_edited.sql",
    "error migration-missing drizzle/0004_deleted.sql",
    "warning migration-orphaned drizzle/0003_orphan.sql",
  ]);
  expect(await checkJournalLayout(path, undefined, show)).toHaveLength(1);
});

it("leaves the other layout to its own rules", async () => {
  const path = await makeFiles({ "20260101000000_a/notes.md": "" });
  expect(await checkJournalLayout(path, undefined, String)).toEqual([]);
});
