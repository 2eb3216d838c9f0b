import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkCode } from "../../codegen/check-code.js";
import { CODE_RULES, POLICY_RULES } from "../../codegen/code-rules.js";
import { applySuppressions } from "../../src/core/suppressions.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { CATALOG_RULES } from "../../src/isolation/audit.js";
import type { Expected } from "../../src/isolation/expected.js";
import { readExpected } from "../../src/isolation/expected.js";
import { PROBES } from "../../src/isolation/probes/probes.js";
import { checkSql } from "../../src/isolation/sql/check-sql.js";
import { readPolicySource } from "../../src/isolation/sql/policy-source.js";
import { SQL_RULES } from "../../src/isolation/sql/sql-rules.js";
import { FOLDER_RULES } from "../../src/migrate/check-folder/check-folder.js";
import { createMigration } from "../../src/migrate/create/create-migration.js";
import { dropDatabases, serverUrl } from "../support/databases.js";
import type { Block } from "./support/markdown.js";
import { readBlocks, readPage, readRows, readSections } from "./support/markdown.js";
import type { SnippetProject } from "./support/snippet-project.js";
import { createSnippetProject } from "./support/snippet-project.js";

const page = readPage("docs/rules.md");
const parts = readSections(page, 1);
const partOf = (title: string) => parts.find((part) => part.title === title)?.text ?? "";
const [checkPart, driftPart, attackPart] = [
  partOf("Rules over code and SQL"),
  partOf("By comparison"),
  partOf("By attack"),
];
const sections = readSections(page, 2);
const blocks = readBlocks(`${checkPart}\n${driftPart}\n${attackPart}`);

/** Findings that no rule of a list makes. */
const OTHERS = [
  "schema-changed",
  "heads-conflict",
  "squawk-*",
  "exception-unused",
  "suppression-without-reason",
  "suppression-unused",
  "generated-stale",
  "rule-failed",
];
const OTHER_PROBES = ["probe-failed", "probe-not-possible"];

const catalogIds: ReadonlySet<string> = new Set(CATALOG_RULES.map(({ id }) => id));
const codeRules = [...CODE_RULES, ...POLICY_RULES];
const checkRules = [...codeRules, ...SQL_RULES, ...FOLDER_RULES];
const idsOf = (rules: readonly { readonly id: string }[]) => [...new Set(rules.map(({ id }) => id))];
const ownIds = idsOf(checkRules).filter((id) => !catalogIds.has(id));

/** What all rules of an id cover, as the page says it. */
function coversOf(
  id: string,
  rules: readonly { readonly id: string; readonly threats: readonly number[] }[],
): string {
  const numbers = new Set(rules.filter((rule) => rule.id === id).flatMap(({ threats }) => threats));
  return numbers.size === 0 ? "none" : [...numbers].sort((one, other) => one - other).join(", ");
}

function coversOn(id: string): string | undefined {
  const text = sections.find(({ title }) => title === id)?.text ?? "";
  return /^Covers: (.+)$/m.exec(text)?.[1];
}

describe("the headings of docs/rules.md", () => {
  it("has each id once, over all parts", () => {
    const titles = sections.map(({ title }) => title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
    for (const id of [...idsOf(checkRules), ...idsOf(PROBES)]) expect(titles).toContain(id);
  });

  it("has those that the catalog does not have in the order of the rules, and then the others", () => {
    expect(readSections(checkPart, 2).map(({ title }) => title)).toEqual([...ownIds, ...OTHERS]);
  });

  it("has one for each attack, in the order of the matrix, and for attacks that could not be made", () => {
    expect(readSections(attackPart, 2).map(({ title }) => title)).toEqual([
      ...idsOf(PROBES),
      ...OTHER_PROBES,
    ]);
  });

  it.each(ownIds)("says which leaks %s covers, over code and SQL together", (id) => {
    expect(coversOn(id)).toBe(coversOf(id, checkRules));
  });

  it.each(idsOf(PROBES))("says which leaks %s covers", (id) => {
    expect(coversOn(id)).toBe(coversOf(id, PROBES));
  });

  it("says of the rules over the catalog what those of the same id over code and SQL cover", () => {
    const shared = idsOf(CATALOG_RULES).filter((id) => idsOf(checkRules).includes(id));
    const layers = (id: string) => [
      ...(idsOf(codeRules).includes(id) ? ["code"] : []),
      ...(idsOf(SQL_RULES).includes(id) ? ["SQL"] : []),
    ];
    expect(readRows(checkPart.slice(0, checkPart.indexOf("\n## ")))).toEqual(
      shared.map((id) => [`[${id}](#${id})`, layers(id).join(", "), coversOf(id, checkRules)]),
    );
  });

  it("shows an example of each, and says what to do behind it", () => {
    for (const part of [checkPart, driftPart, attackPart]) {
      for (const { title, text } of readSections(part, 2)) {
        const [, , after] = /^([\s\S]*)```\w*\n[\s\S]*?\n```\n([\s\S]*)$/.exec(text) ?? [];
        expect(after?.trim(), title).toMatch(/\w/);
      }
    }
  });
});

const settings = parseTenancySettings({});
const documents: Block = {
  language: "ts",
  text: `// schema.ts
import { pgTable, text } from "drizzle-orm/pg-core";
import { tenantKey, withTenantRls } from "tenantry";
export const documents = pgTable("documents", { ...tenantKey(), title: text("title").notNull() }, (t) => [withTenantRls(t)]);`,
  section: "",
  heading: "",
  line: 1,
};
const projects: SnippetProject[] = [];

afterAll(async () => {
  for (const project of projects) project.remove();
  await dropDatabases();
});

/** The rules that `tenantry check` finds in a project's code; its first file is the schema's entry file. */
async function findInCode(snippets: readonly Block[]): Promise<string[]> {
  const project = createSnippetProject(snippets);
  projects.push(project);
  const { directory, files } = project;
  const [entry = ""] = files;
  const exports = await project.load(entry);
  const schemaFiles = [`${directory}/${entry}`];
  const servicePaths = ["services/**/*.ts"];
  return idsOf(
    (await checkCode({ directory, settings, schemaFiles, exports, servicePaths })).map(({ rule }) => ({
      id: rule,
    })),
  );
}

const inSection = (id: string, language: string) =>
  blocks.filter((block) => block.section === id && block.language === language);

describe("the examples in TypeScript", () => {
  const withCode = [
    ...new Set(blocks.filter(({ language }) => language === "ts").map(({ section }) => section)),
  ];

  it("shows one for every rule over code that is not over policies", () => {
    const wanted = idsOf(CODE_RULES).filter((id) => ownIds.includes(id));
    expect(withCode).toEqual([...wanted, "exception-unused"]);
  });

  it.each(withCode)("is found by %s and by no other rule", async (id) => {
    const snippets = inSection(id, "ts");
    const isService = snippets.some(({ text }) => text.startsWith("// services/"));
    expect(await findInCode(isService ? [documents, ...snippets] : snippets)).toEqual([id]);
  });
});

describe("the examples of policies", () => {
  const ids = idsOf(POLICY_RULES).filter((id) => ownIds.includes(id));

  it.each(ids)("is found by %s and by no other rule", async (id) => {
    const [example, ...more] = inSection(id, "sql");
    if (example === undefined) throw new Error(`${id} has no example`);
    expect(more).toEqual([]);
    const { using, check } = readPolicySource(example.text);
    const role = /\bto (\w+)/.exec(example.text)?.[1];
    const options = [
      ...(role === undefined ? [] : [`to: pgRole("${role}").existing()`]),
      ...(using === undefined ? [] : [`using: sql.raw(${JSON.stringify(using)})`]),
      ...(check === undefined ? [] : [`withCheck: sql.raw(${JSON.stringify(check)})`]),
    ];
    const text = `// schema.ts
import { sql } from "drizzle-orm";
import { pgPolicy, pgRole, pgTable, text } from "drizzle-orm/pg-core";
import { tenantKey, withTenantRls } from "tenantry";
export const notes = pgTable("notes", { ...tenantKey(), body: text("body") }, (t) => [
  withTenantRls(t),
  pgPolicy("notes_extra", { ${options.join(", ")} }),
]);`;
    expect(await findInCode([{ ...documents, text }])).toEqual([id]);
  });
});

describe("the examples of migrations", () => {
  const file = "drizzle/20260102000000_example/migration.sql";
  let expected: Expected;
  let init: string;

  beforeAll(async () => {
    const project = createSnippetProject([documents]);
    projects.push(project);
    const exports = await project.load("schema.ts");
    expected = readExpected(settings, exports);
    const created = await createMigration({
      name: "init",
      project: { schemaFiles: [`${project.directory}/schema.ts`], breakpoints: true },
      exports,
      expected,
      out: `${project.directory}/drizzle`,
      shadowServer: new URL(serverUrl),
      dryRun: true,
    });
    if (created.status === "unchanged") throw new Error("the schema of this test demands nothing");
    init = created.sql;
  });

  async function findInSql(sql: string): Promise<string[]> {
    const { findings } = await checkSql(expected, [
      {
        name: "20260101000000_init",
        file: "drizzle/20260101000000_init/migration.sql",
        sql: init,
        isNew: false,
      },
      { name: "20260102000000_example", file, sql, isNew: true },
    ]);
    return applySuppressions(findings, [{ file, text: sql }]).map(({ rule }) => rule);
  }

  it("finds nothing before them", async () => {
    expect(await findInSql("select 1;")).toEqual([]);
  });

  it("finds nothing where a suppression gives its reason", async () => {
    const [shown] = readBlocks(checkPart.slice(0, checkPart.indexOf("\n## ")));
    expect(shown?.language).toBe("sql");
    expect(await findInSql(shown?.text ?? "")).toEqual([]);
  });

  it.each(idsOf(SQL_RULES).filter((id) => ownIds.includes(id)))(
    "is found by %s and by no other rule",
    async (id) => {
      const [example, ...more] = inSection(id, "sql");
      if (example === undefined) throw new Error(`${id} has no example`);
      expect(more).toEqual([]);
      expect(await findInSql(example.text)).toEqual([id]);
    },
  );

  it.each(["suppression-without-reason", "suppression-unused"])("is found as %s", async (id) => {
    expect(await findInSql(inSection(id, "sql")[0]?.text ?? "")).toContain(id);
  });
});
