import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../../src/cli/program.js";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A schema that is as awkward as PostgreSQL lets it be: two files, two schemas, names in quotes and long ones. */
const BASE = `import { integer, pgEnum, pgSchema, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { globalTable, tenantRoot, tenantRootKey, tenantKey, withTenantRls } from "tenantry";

export const orgs = pgTable("Orgs", { ...tenantRootKey(), name: text("na\\"me") }, (t) => [tenantRoot(t)]);
export const plans = pgTable("plans", { id: uuid("id").primaryKey() }, (t) => [
  globalTable(t, { reason: 'prices are "public", and it\\'s meant' }),
]);
export const mood = pgEnum("mood", ["good"]);
const app = pgSchema("app");
export const people = app.table("people", {
  ...tenantKey(),
  "first-name": text("first-name"),
  mood: mood("mood"),
  age: integer("age").generatedAlwaysAsIdentity(),
}, (t) => [withTenantRls(t, { commands: ["select"] })]);
`;
const OTHER = `import { index, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { tenantForeignKey, tenantKey, withTenantRls } from "tenantry";
import { orgs, people, plans } from "./base.js";

export const lettersOfWhomeverWritesTheLongestNamesInTheWholeSchema = pgTable("letters", {
  ...tenantKey(),
  planId: uuid("plan_id").references(() => plans.id),
  senderIdentificationThatIsLongEnoughToBreakTheLine: uuid("sender_id").notNull(),
  receiverId: uuid("receiver_id"),
  slug: text("slug").notNull(),
}, (t) => [
  withTenantRls(t, {
    exceptions: [{ rule: "key-not-tenant-leading", subject: "letters_slug_key", reason: "it is | random" }],
  }),
  tenantForeignKey(t, { columns: [], foreignColumns: [orgs.id] }),
  tenantForeignKey(t, { columns: [t.senderIdentificationThatIsLongEnoughToBreakTheLine], foreignColumns: [people.id] }),
  // tenantry-relation addressee / post
  tenantForeignKey(t, { columns: [t.receiverId], foreignColumns: [people.id], onDelete: "set null" }),
  unique("letters_slug_key").on(t.slug),
  index().on(t.creatorId, t.slug),
]);
`;

let directory = "";

async function generate(...options: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await runProgram(["generate", ...options], {
    cwd: directory,
    variables: {},
    stdin: { isTTY: false },
    stdout,
    stderr,
    signal: new AbortController().signal,
  });
  return { exitCode, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

const read = (path: string) => readFile(join(directory, path), "utf8");

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tenantry-generate-"));
  await mkdir(join(directory, "node_modules"));
  await mkdir(join(directory, "db"));
  for (const name of ["drizzle-orm", "drizzle-kit", "zod", "@types"])
    await symlink(join(repository, "node_modules", name), join(directory, "node_modules", name));
  await symlink(repository, join(directory, "node_modules", "tenantry"));
  await writeFile(join(directory, "package.json"), '{ "type": "module" }\n');
  await writeFile(join(directory, "db/base.ts"), BASE);
  await writeFile(join(directory, "db/other.ts"), OTHER);
  await writeFile(
    join(directory, "drizzle.config.ts"),
    `import { defineConfig } from "drizzle-kit";\nexport default defineConfig({ dialect: "postgresql", schema: ["./db/base.ts", "./db/other.ts"] });\n`,
  );
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe("tenantry generate", () => {
  it("names what has not been generated, writes it, and then has nothing to do", async () => {
    const before = await generate("--check", "--json");
    expect(before.exitCode).toBe(1);
    const { findings } = JSON.parse(before.stdout) as { findings: { rule: string; file: string }[] };
    expect(findings.map(({ rule, file }) => `${rule} ${file}`)).toEqual([
      "generated-stale db/generated/manifest.ts",
      "generated-stale db/generated/relations.ts",
      "generated-stale db/generated/zod.ts",
      "generated-stale docs/schema.md",
    ]);
    expect((await generate()).exitCode).toBe(0);
    expect((await generate("--check")).exitCode).toBe(0);
    expect((await generate()).stdout).toContain("up to date");
  });

  it("writes what TypeScript and a formatter accept as it is", async () => {
    await writeFile(
      join(directory, "tsconfig.json"),
      JSON.stringify({
        extends: join(repository, "tsconfig.json"),
        compilerOptions: { rootDir: ".", noEmit: true, types: [] },
        include: ["db"],
        exclude: [],
      }),
    );
    await run(process.execPath, [join(repository, "node_modules/typescript/bin/tsc"), "-p", directory]);
    await writeFile(
      join(directory, "biome.json"),
      JSON.stringify({ formatter: { indentStyle: "space", lineWidth: 110 } }),
    );
    const biome = join(repository, "node_modules/@biomejs/biome/bin/biome");
    await run(process.execPath, [biome, "check", "--error-on-warnings", "db/generated"], { cwd: directory });
  });

  it("says of each table who may do what, and why not", async () => {
    const text = await read("docs/schema.md");
    expect(text).toContain(`\`plans\` is global: prices are "public", and it's meant`);
    expect(text).toContain("`letters_slug_key` is excepted from `key-not-tenant-leading`: it is | random");
    expect(text).toMatch(/\| app\.people \| `creator_id` is the context \| yes \| – \| – \| – \|/);
    expect(text).toContain("the schema leaves out insert, update, delete");
    const relations = await read("db/generated/relations.ts");
    expect(relations).toContain("addressee: r.one.people({");
    expect(relations).toContain("post: r.many.");
    const zod = await read("db/generated/zod.ts");
    expect(zod).not.toContain("personInsertSchema");
    expect(zod).toContain("personSelectSchema");
  });

  it("names the one file that somebody has edited", async () => {
    const path = join(directory, "db/generated/zod.ts");
    const text = await read("db/generated/zod.ts");
    await writeFile(path, `${text}// mine\n`);
    const { exitCode, stdout } = await generate("--check");
    expect(exitCode).toBe(1);
    expect(stdout.match(/generated-stale/g)).toHaveLength(1);
    expect(stdout).toContain("db/generated/zod.ts");
    await generate();
    expect(await read("db/generated/zod.ts")).toBe(text);
  });

  it("writes elsewhere if it is told to", async () => {
    expect((await generate("--out", "made/here", "--docs", "SCHEMA.md")).exitCode).toBe(0);
    expect(await read("made/here/relations.ts")).toContain('from "../../db/base.js"');
    expect(await read("SCHEMA.md")).toContain("erDiagram");
  });
});
