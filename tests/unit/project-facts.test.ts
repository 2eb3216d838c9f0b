import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it, vi } from "vitest";
import { loadProject } from "../../src/cli/project/project.js";
import { readProjectFacts } from "../../src/cli/project/project-facts.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const directories: string[] = [];

afterEach(async () => {
  await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true })));
});

const CONFIG = `
  import { defineConfig } from "drizzle-kit";
  import { defineTenancy } from "tenantry";
  export default defineConfig({
    dialect: "postgresql",
    schema: "./schema/*.ts",
    dbCredentials: { url: process.env.DATABASE_URL ?? "" },
  });
  export const tenancy = defineTenancy({ column: "owner_id" });`;

const NOTES = `
  import { pgTable } from "drizzle-orm/pg-core";
  import { columns } from "../columns";
  export const notes = pgTable("notes", columns);`;

const FILES = {
  "drizzle.config.ts": CONFIG,
  "schema/notes.ts": NOTES,
  "columns.ts":
    'import { text } from "drizzle-orm/pg-core";\nexport const columns = { title: text("title") };',
};

/** A project on disk, and a way to read its facts that tells whether it was loaded. */
async function makeProject(files: Readonly<Record<string, string>> = FILES) {
  const directory = await mkdtemp(join(tmpdir(), "tenantry-facts-"));
  directories.push(directory);
  await mkdir(join(directory, "node_modules"));
  for (const name of ["drizzle-orm", "drizzle-kit", "zod"])
    await symlink(join(repository, "node_modules", name), join(directory, "node_modules", name));
  await symlink(repository, join(directory, "node_modules", "tenantry"));
  const write = async (name: string, text: string) => {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const config = join(directory, "drizzle.config.ts");
  const read = async (variables: NodeJS.ProcessEnv = {}) => {
    const load = vi.fn(() => loadProject(config));
    const facts = await readProjectFacts(config, variables, load);
    return { facts, loaded: load.mock.calls.length > 0 };
  };
  return { directory, write, read };
}

it("remembers what an unchanged project evaluates to, and remembers all of it", async () => {
  const { read } = await makeProject();
  const first = await read();
  const second = await read();
  expect([first.loaded, second.loaded]).toEqual([true, false]);
  expect(second.facts).toStrictEqual(first.facts);
  expect(second.facts.settings.column).toBe("owner_id");
  expect(second.facts.expected.tables).toMatchObject([
    { name: "notes", columns: ["title"], declaration: undefined },
  ]);
});

it.each<[string, string, string]>([
  ["the configuration", "drizzle.config.ts", `${CONFIG}\n`],
  ["a table", "schema/notes.ts", `${NOTES}\n`],
  ["what a table imports", "columns.ts", `${FILES["columns.ts"]}\n`],
  ["a new file that the pattern finds", "schema/tags.ts", "export const tags = 1;"],
  ["a file that would be imported in another's place", "columns.js", "export const columns = {};"],
])("loads the project again after a change of %s", async (_, name, text) => {
  const { read, write } = await makeProject();
  await read();
  await write(name, text);
  expect((await read()).loaded).toBe(true);
});

it("loads the project again when a variable that it reads has another value, and never keeps the value", async () => {
  const { directory, read } = await makeProject();
  const url = "postgres://me:very-secret@localhost/app";
  await read({ DATABASE_URL: url });
  expect((await read({ DATABASE_URL: url, OTHER: "1" })).loaded).toBe(false);
  expect((await read({ DATABASE_URL: "postgres://localhost/other" })).loaded).toBe(true);
  const folder = join(directory, "node_modules/.cache/tenantry");
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), "utf8");
    expect(text).not.toContain("very-secret");
    expect(Buffer.from(text, "base64").toString("latin1")).not.toContain("very-secret");
  }
});

it("loads the project each time where something else changes how files are loaded", async () => {
  const { read } = await makeProject();
  await read();
  expect((await read({ JITI_ALIAS: '{"a":"b"}' })).loaded).toBe(true);
  expect((await read({ NODE_OPTIONS: "--import ./x.mjs" })).loaded).toBe(true);
});

it.each([
  ["asks for the time", { "columns.ts": `${FILES["columns.ts"]}\nexport const now = new Date();` }],
  [
    "reads a file",
    {
      "columns.ts": `import { readFileSync } from "node:fs";\n${FILES["columns.ts"]}\nexport { readFileSync };`,
    },
  ],
  ["reads all variables", { "columns.ts": `${FILES["columns.ts"]}\nexport const all = { ...process.env };` }],
  ["imports what could be two files", { "columns.js": "export const columns = {};" }],
])("remembers nothing of a project that %s", async (_, changed) => {
  const { read } = await makeProject({ ...FILES, ...changed });
  await read();
  expect((await read()).loaded).toBe(true);
});

it("tells what is wrong with a project each time", async () => {
  const { read } = await makeProject({ ...FILES, "drizzle.config.ts": "export default {};" });
  await expect(read()).rejects.toMatchObject({ code: "config-invalid" });
  await expect(read()).rejects.toMatchObject({ code: "config-invalid" });
});
