import { afterAll, describe, expect, it } from "vitest";
import { findIntegrityProblems, INTEGRITY_RULES } from "../../src/migrate/verify/find-integrity-problems.js";
import { VERIFY_SQL_RULE } from "../../src/migrate/verify/judge-verify-sql.js";
import { createEmptyDatabase, dropDatabases } from "../support/databases.js";
import { readBlocks, readPage, readSections } from "./support/markdown.js";

const part =
  readSections(readPage("docs/rules.md"), 1).find(({ title }) => title === "In the rows")?.text ?? "";
const examples = readBlocks(part).filter(({ language }) => language === "sql");

afterAll(dropDatabases);

describe("the rules over rows in docs/rules.md", () => {
  it("has a heading for each, in their order", () => {
    expect(readSections(part, 2).map(({ title }) => title)).toEqual([...INTEGRITY_RULES, VERIFY_SQL_RULE]);
  });

  it.each(INTEGRITY_RULES)("shows of %s what breaks it, and what mends it", async (rule) => {
    const { admin } = await createEmptyDatabase();
    await admin
      .unsafe(
        "create table authors (id int primary key); create table documents (id int, title text, author int)",
      )
      .simple();
    if (rule === "trigger-inactive")
      await admin`alter table documents add foreign key (author) references authors`;
    const look = async () =>
      await admin.begin(async (session) =>
        (await findIntegrityProblems(session, undefined)).map((finding) => finding.rule),
      );
    const [broken, mended] = examples.filter(({ section }) => section === rule);
    if (broken === undefined || mended === undefined) throw new Error(`${rule} lacks an example`);
    const run = async (text: string) => {
      // Alone, since CONCURRENTLY cannot be in a transaction; a build that fails is what the example is about.
      for (const statement of text.split(";\n")) await admin.unsafe(statement).catch(() => {});
    };
    expect(await look()).toEqual([]);
    await run(broken.text);
    expect(await look()).toContain(rule);
    await run(mended.text);
    expect(await look()).toEqual([]);
  });
});
