import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import { COMMAND_NAMES } from "../../src/cli/commands.js";
import { loadProject } from "../../src/cli/project/project.js";
import { auditCatalog } from "../../src/isolation/audit.js";
import { catalogScope } from "../../src/isolation/catalog-scope.js";
import type { Expected } from "../../src/isolation/expected.js";
import { loadPolicyAnalysis } from "../../src/isolation/policy-analysis.js";
import { createMigration } from "../../src/migrate/create/create-migration.js";
import { splitBreakpoints } from "../../src/migrate/folder/breakpoints.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import type { Database } from "../../src/postgres/connect.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { ensureServiceLogin } from "../../src/postgres/service-login.js";
import { createEmptyDatabase, dropDatabases, serverUrl } from "../support/databases.js";
import { readBlocks, readPage, readRows, readSections } from "./support/markdown.js";
import type { SnippetProject } from "./support/snippet-project.js";
import { createSnippetProject } from "./support/snippet-project.js";

const page = readPage("README.md");
const blocks = readBlocks(page);
const inSection = (section: string, language: string) =>
  blocks.filter((block) => block.section === section && block.language === language);

const logins: string[] = [];
const projects: SnippetProject[] = [];

afterAll(async () => {
  await dropDatabases();
  await withDatabase(new URL(serverUrl), {}, async (database) => {
    for (const login of logins) await database.unsafe(`drop role if exists "${login}"`);
  });
  for (const project of projects) project.remove();
});

/** The snippets of a section as a project, its first migration written as `tenantry create init` writes it. */
async function migratedProject(section: string, config?: string) {
  const snippets = inSection(section, "ts");
  const extra =
    config === undefined
      ? []
      : [{ language: "ts", text: `// drizzle.config.ts\n${config}`, section, heading: section, line: 0 }];
  const snippetProject = createSnippetProject([...snippets, ...extra]);
  projects.push(snippetProject);
  const project = await loadProject(join(snippetProject.directory, "drizzle.config.ts"));
  const { exports, expected } = await project.loadSchema();
  const created = await createMigration({
    name: "init",
    project: { schemaFiles: await project.schemaFiles(), breakpoints: project.breakpoints },
    exports,
    expected,
    out: project.out,
    shadowServer: new URL(serverUrl),
  });
  if (created.status === "unchanged") throw new Error(`the schema of "${section}" demands nothing`);
  const { admin, adminUrl } = await createEmptyDatabase();
  const { roles } = project.settings;
  await applyMigrations({
    url: adminUrl,
    folder: await readFolder(project.out),
    ledger: DEFAULT_LEDGER,
    adminRole: roles.admin,
  });
  const login = await ensureServiceLogin(
    admin,
    adminUrl,
    roles.tenant,
    join(snippetProject.directory, "service.env"),
  );
  logins.push(login.user);
  return { snippetProject, project, expected, sql: created.sql, admin, serviceUrl: login.url };
}

async function audit(database: Database, expected: Expected) {
  const catalog = await readCatalog(database, catalogScope(expected));
  return auditCatalog({ expected, catalog, analysis: await loadPolicyAnalysis(expected.settings) });
}

/** A statement without what only serves the eye: comments, line breaks, the semicolon at its end. */
function normalize(sql: string): string {
  return sql
    .split("\n")
    .filter((line) => !line.startsWith("--"))
    .join(" ")
    .replace(/\s+/g, " ")
    .replace(/\( /g, "(")
    .replace(/ \)/g, ")")
    .trim()
    .replace(/;$/, "");
}

/** What the snippets of this page export. */
type Closable = { readonly db: { readonly close: () => Promise<void> } };
type ListDocuments = Closable & {
  readonly listDocuments: (creatorId: string) => Promise<readonly { readonly title: string }[]>;
  readonly replaceDocuments: (creatorId: string, titles: readonly string[]) => Promise<void>;
};
type Service = Closable & {
  readonly signUp: (org: string, name: string) => Promise<void>;
  readonly addInvoice: (org: string, number: string) => Promise<readonly { readonly orgId: string }[]>;
};

describe("the table of the README", () => {
  const section = "A tenant table";
  let world: Awaited<ReturnType<typeof migratedProject>>;

  beforeAll(async () => {
    world = await migratedProject(
      section,
      'export default { dialect: "postgresql", schema: "./schema/documents.ts", out: "./drizzle" };',
    );
  });

  it("emits the SQL that is shown, statement by statement", () => {
    const [shown, ...more] = inSection(section, "sql");
    expect(more).toEqual([]);
    const emitted = splitBreakpoints(world.sql).map(normalize);
    const expectedStatements = (shown?.text ?? "").split(/;\s*\n|;$/).map(normalize);
    expect(expectedStatements.filter((statement) => statement !== "")).toEqual(
      emitted.filter((statement) => statement.includes('"documents"')),
    );
  });

  it("is isolated, by every rule", async () => {
    expect(await audit(world.admin, world.expected)).toEqual([]);
  });

  it("gives each creator its own documents, by the queries that are shown", async () => {
    process.env.SERVICE_DATABASE_URL = world.serviceUrl.href;
    const service = (await world.snippetProject.load("list-documents.ts")) as unknown as ListDocuments;
    const titles = async (id: string) => (await service.listDocuments(id)).map(({ title }) => title).sort();
    const [ada, bob] = [randomUUID(), randomUUID()];
    await service.replaceDocuments(ada, ["draft"]);
    await service.replaceDocuments(bob, ["other"]);
    await service.replaceDocuments(ada, ["first", "second"]);
    expect(await titles(ada)).toEqual(["first", "second"]);
    expect(await titles(bob)).toEqual(["other"]);
    expect(await titles(randomUUID())).toEqual([]);
    await service.db.close();
  });

  it("shows nothing to the service login without a creator", async () => {
    await withDatabase(world.serviceUrl, {}, async (database) => {
      expect(await database`select * from documents`).toHaveLength(0);
    });
  });
});

describe("the other project of the README", () => {
  const section = "In another project";
  let world: Awaited<ReturnType<typeof migratedProject>>;

  beforeAll(async () => {
    world = await migratedProject(section);
  });

  it("is isolated by its own column, by every rule", async () => {
    expect(world.project.settings).toMatchObject({ column: "org_id", columnType: "text" });
    expect(await audit(world.admin, world.expected)).toEqual([]);
    const tables = await world.admin`
      select table_name from information_schema.columns where column_name = 'org_id' and data_type = 'text'`;
    expect(tables.map((row) => String(row.table_name))).toEqual(["invoices"]);
  });

  it("lets one organisation have its own rows alone, by the queries that are shown", async () => {
    process.env.SERVICE_DATABASE_URL = world.serviceUrl.href;
    const service = (await world.snippetProject.load("service.ts")) as unknown as Service;
    for (const org of ["acme", "umbrella"]) {
      await service.signUp(org, org);
      expect(await service.addInvoice(org, "1")).toMatchObject([{ orgId: org }]);
    }
    await service.db.close();
    const rows = await world.admin`select org_id, number from invoices order by org_id`;
    expect(rows.map((row) => String(row.org_id))).toEqual(["acme", "umbrella"]);
  });
});

describe("the words of the README", () => {
  it("begins with fewer than sixty words before the first block", () => {
    const words = page
      .slice(0, page.indexOf("```"))
      .split(/\s+/)
      .filter((word) => /\w/.test(word));
    expect(words.length).toBeLessThan(60);
  });

  it("lists every command, and none that does not exist", () => {
    const section = readSections(page, 2).find(({ title }) => title === "Commands")?.text ?? "";
    const rows = readRows(section);
    const named = rows.map(([command]) => /^`([a-z-]+)/.exec(command ?? "")?.[1]);
    expect([...named].sort()).toEqual([...COMMAND_NAMES].sort());
    const makefile = readPage("Makefile");
    for (const [, target = ""] of rows.filter(([, cell]) => cell !== "–"))
      expect(makefile, target).toMatch(new RegExp(`^${/^`make ([a-z-]+)/.exec(target)?.[1]}:`, "m"));
  });

  it("names the versions that package.json pins", () => {
    const manifest = JSON.parse(readPage("package.json")) as {
      engines: { node: string };
      peerDependencies: Record<string, string>;
    };
    const { "drizzle-orm": orm, "drizzle-kit": kit, "drizzle-seed": seed } = manifest.peerDependencies;
    const versions = readSections(page, 2).find(({ title }) => title === "Versions")?.text ?? "";
    expect(orm).toBe(kit);
    for (const version of [orm, seed, manifest.engines.node.replace(">=", "")])
      expect(versions).toContain(version);
  });
});
