import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Catalog } from "../../src/catalog/catalog.js";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import type { Finding } from "../../src/core/finding.js";
import { formatFinding } from "../../src/core/finding.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { auditCatalog, CATALOG_RULES } from "../../src/isolation/audit.js";
import type { Expected } from "../../src/isolation/expected.js";
import { readExpected } from "../../src/isolation/expected.js";
import type { PolicyAnalysis } from "../../src/isolation/policy-analysis.js";
import { loadPolicyAnalysis } from "../../src/isolation/policy-analysis.js";
import { createMigration } from "../../src/migrate/create/create-migration.js";
import { splitBreakpoints } from "../../src/migrate/folder/breakpoints.js";
import type { Database } from "../../src/postgres/connect.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase, dropDatabases, serverUrl } from "../support/databases.js";
import { readBlocks, readPage, readSections } from "./support/markdown.js";
import type { SnippetProject } from "./support/snippet-project.js";
import { createSnippetProject } from "./support/snippet-project.js";

/** The first part of the page. The others have a test of their own. */
const page = readSections(readPage("docs/rules.md"), 1)[0]?.text ?? "";
const sections = readSections(page, 2);
const blocks = readBlocks(page);

/** Roles of this file alone: roles belong to the whole server, and the examples make them too strong. */
const suffix = `${process.pid}_${randomBytes(3).toString("hex")}`;
const roles = { tenant: `docs_tenant_${suffix}`, door: `docs_door_${suffix}`, admin: `docs_admin_${suffix}` };
const settings = parseTenancySettings({ roles });
const ownRoles = (sql: string) =>
  sql.replaceAll("app_tenant", roles.tenant).replaceAll("app_admin", roles.admin);

const schema = `
import { pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { defineTenancy } from "tenantry";
const { tenantKey, withTenantRls } = defineTenancy({ roles: ${JSON.stringify(roles)} });
export const documents = pgTable("documents", { ...tenantKey(), title: text("title").notNull(), updatedAt: timestamp("updated_at") }, (t) => [withTenantRls(t)]);
`;

let project: SnippetProject;
let expected: Expected;
let analysis: PolicyAnalysis;
let migration: string;

beforeAll(async () => {
  project = createSnippetProject([
    { language: "ts", text: `// schema.ts\n${schema}`, section: "", heading: "", line: 1 },
  ]);
  const exports = await project.load("schema.ts");
  expected = readExpected(settings, exports);
  analysis = await loadPolicyAnalysis(settings);
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
  migration = created.sql;
});

afterAll(async () => {
  project.remove();
  // A role can go when nothing in any database is granted to it.
  await dropDatabases();
  await withDatabase(new URL(serverUrl), {}, async (database) => {
    for (const role of Object.values(roles)) await database.unsafe(`drop role if exists "${role}"`);
  });
});

async function migrated(): Promise<Database> {
  const { admin } = await createEmptyDatabase();
  for (const statement of splitBreakpoints(migration)) await admin.unsafe(statement);
  return admin;
}

async function findRules(database: Database): Promise<string[]> {
  return (await findAll(database)).map((finding) => finding.rule);
}

async function findAll(database: Database): Promise<Finding[]> {
  const catalog: Catalog = await readCatalog(database, {
    schemas: ["public", "tenantry"],
    roles: Object.values(roles),
  });
  return auditCatalog({ expected, catalog, analysis });
}

describe("docs/rules.md", () => {
  it("has one heading for each rule, in the order in which findings are told", () => {
    expect(sections.map(({ title }) => title)).toEqual(CATALOG_RULES.map(({ id }) => id));
  });

  it.each(CATALOG_RULES)("says which leaks $id covers", ({ id, threats }) => {
    const text = sections.find(({ title }) => title === id)?.text ?? "";
    const covers = /^Covers: (.+)$/m.exec(text)?.[1];
    expect(covers).toBe(threats.length === 0 ? "none" : threats.join(", "));
  });

  it("finds nothing before its examples are run", async () => {
    expect(await findRules(await migrated())).toEqual([]);
  });

  it("shows a finding as the commands print it", async () => {
    const database = await migrated();
    await database`alter table documents no force row level security`;
    const [shown] = blocks.filter(({ language }) => language === "text");
    const [found] = await findAll(database);
    const [{ owner } = { owner: "" }] = await database<{ owner: string }[]>`select current_user as owner`;
    expect(found === undefined ? "" : formatFinding(found).replace(owner, "postgres")).toBe(shown?.text);
  });

  it.each(CATALOG_RULES)("shows for $id what breaks it, and what mends it", async ({ id }) => {
    const [example, fix, ...more] = blocks.filter(
      (block) => block.section === id && block.language === "sql",
    );
    if (example === undefined) throw new Error(`${id} has no example`);
    expect(more).toEqual([]);
    const database = await migrated();
    await database.unsafe(ownRoles(example.text));
    expect(await findRules(database)).toEqual([id]);
    if (fix === undefined) return;
    await database.unsafe(ownRoles(fix.text));
    expect(await findRules(database)).toEqual([]);
  });

  it("shows one example without a fix in SQL: a table that is missing", () => {
    const fixless = CATALOG_RULES.filter(
      ({ id }) => blocks.filter((block) => block.section === id && block.language === "sql").length === 1,
    );
    expect(fixless.map(({ id }) => id)).toEqual(["table-missing"]);
  });
});
