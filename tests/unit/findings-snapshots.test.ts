import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compareSnapshots } from "../../src/migrate/check-folder/compare-snapshots.js";
import { generate } from "../../src/migrate/drizzle-kit.js";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenantry-snapshots-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(join(modules, "drizzle-orm"), join(folder, "node_modules/drizzle-orm"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
});
afterAll(() => rm(folder, { recursive: true }));

/** A schema file with one table of these columns. */
async function schema(name: string, columns: string): Promise<string> {
  const path = join(folder, `${name}.ts`);
  const text = `import { integer, pgTable, text } from "drizzle-orm/pg-core";\nexport const notes = pgTable("notes", { ${columns} });\n`;
  await writeFile(path, text);
  return path;
}

async function migrate(file: string, out: string, name: string): Promise<string> {
  const project = { schemaFiles: [file], breakpoints: true };
  const answer = await generate(project, { exports: {}, out: join(folder, out), name, hints: [] });
  if (answer.status !== "written") throw new Error(answer.status);
  return answer.file;
}

const compare = (file: string, out: string) =>
  compareSnapshots({
    schemaFiles: [file],
    out: join(folder, out),
    show: (path) => path.replace(`${folder}/`, ""),
  });

it("compares the schema with the migrations, and branches of migrations with each other", async () => {
  const base = await schema("base", "a: integer(), b: integer()");
  await migrate(base, "one", "init");
  expect(await compare(base, "one")).toEqual({ findings: [], warnings: [] });

  const wider = await schema("wider", "a: integer(), b: integer(), c: integer()");
  expect((await compare(wider, "one")).findings).toEqual([
    expect.objectContaining({ rule: "schema-changed", level: "warning", file: "wider.ts" }),
  ]);

  await cp(join(folder, "one"), join(folder, "two"), { recursive: true });
  const retyped = await schema("retyped", "a: text(), b: integer()");
  await migrate(retyped, "one", "retype");
  const other = await migrate(await schema("dropped", "b: integer()"), "two", "drop");
  const branch = basename(join(other, other.endsWith(".sql") ? ".." : ""));
  await cp(join(folder, "two", branch), join(folder, "one", branch), { recursive: true });
  const { findings } = await compare(retyped, "one");
  expect(findings).toEqual([
    expect.objectContaining({
      rule: "heads-conflict",
      level: "error",
      file: expect.stringContaining("one/"),
    }),
  ]);

  await rm(join(folder, "one", branch), { recursive: true });
  expect(await compare(retyped, "one")).toEqual({ findings: [], warnings: [] });
});

const failed = expect.objectContaining({ rule: "rule-failed", level: "error" });

it("does not let pass what drizzle-kit could not compare", async () => {
  await mkdir(join(folder, "empty"));
  const { findings, warnings } = await compare(join(folder, "absent.ts"), "empty");
  expect(findings).toEqual([failed]);
  expect(findings[0]?.detail).toMatch(/could not compare the schema with the migrations: .*no schema file/);
  expect(warnings).toEqual([]);

  const twice = await schema("twice", 'a: integer("a"), b: integer("a")');
  expect((await compare(twice, "one")).findings).toEqual([failed]);
});

it.each([
  ["throws", 'throw new Error("no such thing")', /no such thing/],
  ["ends its process", "process.exit(0)", /ended without an answer/],
  ["says nothing", "return undefined", /form that is not known/],
  ["says what is not known", 'return { status: "fine" }', /form that is not known/],
  ["says what cannot be sent", "return { status: () => {} }", /could not be cloned/],
  [
    "has an error of its own",
    'return { status: "error", error: { code: "check_error", kind: "broken" } }',
    /check_error, broken/,
  ],
])("fails where drizzle-kit %s", async (_, body, reason) => {
  const kit = join(folder, `kit-${createHash("sha256").update(body).digest("hex")}.mjs`);
  await writeFile(kit, `export async function check() { ${body} }`);
  const found = { status: "found", url: pathToFileURL(kit).href } as const;
  const { findings } = await compareSnapshots({ schemaFiles: [], out: folder, show: String }, found);
  expect(findings).toEqual([failed]);
  expect(findings[0]?.detail).toMatch(reason);
});

it("fails where drizzle-kit is there and cannot be loaded, and warns where it is not installed", async () => {
  const comparison = { schemaFiles: [], out: folder, show: String };
  const gone = pathToFileURL(join(folder, "gone.mjs")).href;
  expect((await compareSnapshots(comparison, { status: "found", url: gone })).findings).toEqual([failed]);
  const unusable = { status: "unusable", reason: "it has no such entry" } as const;
  expect((await compareSnapshots(comparison, unusable)).findings).toEqual([failed]);
  expect(await compareSnapshots(comparison, { status: "absent" })).toEqual({
    findings: [],
    warnings: [expect.stringContaining("not installed")],
  });
});
