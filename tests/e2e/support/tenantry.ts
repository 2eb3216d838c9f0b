import { cp, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { copyBuiltProject, repository } from "./copy-project.js";
import { type Command, type Ended, mustRun } from "./run-command.js";

/** A project that uses tenantry, with two tables. */
export type SmallProject = {
  readonly directory: string;
  readonly write: (path: string, text: string) => Promise<void>;
  /** The names in its migrations folder. */
  readonly migrations: () => Promise<readonly string[]>;
  /** The command line, to be run or started. */
  readonly tenantry: (args: readonly string[], env?: Command["env"]) => Command;
};

const CONFIG = `
import { defineConfig } from "drizzle-kit";
export default defineConfig({ dialect: "postgresql", schema: "./schema.ts", out: "./drizzle" });
`;

/** Its schema, for tests that change it. */
export const SMALL_SCHEMA = `
import { pgTable, text } from "drizzle-orm/pg-core";
import { tenantKey, tenantRoot, tenantRootKey, withTenantRls } from "tenantry";
export const creators = pgTable("creators", { ...tenantRootKey(), name: text("name").notNull() }, (t) => [tenantRoot(t)]);
export const notes = pgTable("notes", { ...tenantKey(), body: text("body").notNull() }, (t) => [withTenantRls(t)]);
`;

/**
 * Builds this project once, and makes small projects beside it whose dependencies are links.
 *
 * @param server on which the first migration is rehearsed.
 */
export async function createSmallProjects(
  folder: string,
  server: string,
): Promise<(name: string) => Promise<SmallProject>> {
  const built = join(folder, "tenantry");
  await copyBuiltProject(built);
  const dependencies = join(folder, "node_modules");
  await mkdir(dependencies);
  const installed = await readdir(join(repository, "node_modules"));
  for (const name of installed.filter((each) => !each.startsWith(".") && each !== "tenantry"))
    await symlink(join(repository, "node_modules", name), join(dependencies, name));
  await symlink(built, join(dependencies, "tenantry"));
  const binary = join(built, "dist/src/cli/bin.js");

  const make = async (name: string): Promise<SmallProject> => {
    const directory = join(folder, name);
    const write = async (path: string, text: string) => {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    };
    await write("package.json", JSON.stringify({ private: true, type: "module" }));
    await write("drizzle.config.ts", CONFIG);
    await write("schema.ts", SMALL_SCHEMA);
    return {
      directory,
      write,
      migrations: async () => (await readdir(join(directory, "drizzle"))).sort(),
      tenantry: (args, env = {}) => ({
        program: process.execPath,
        args: [binary, ...args],
        cwd: directory,
        env,
      }),
    };
  };
  const first = await make("first");
  await mustRun(first.tenantry(["create", "init"], { SHADOW_DATABASE_URL: server }));
  return async (name) => {
    const project = await make(name);
    await cp(join(first.directory, "drizzle"), join(project.directory, "drizzle"), { recursive: true });
    return project;
  };
}

const failure = z.strictObject({
  ok: z.literal(false),
  command: z.string(),
  data: z.null(),
  findings: z.array(z.never()),
  warnings: z.array(z.never()),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string(), details: z.array(z.string()) }),
});

/** Expects a refusal that names the object and the next step, in a few plain lines on stderr. */
export function expectRefusal(ended: Ended, ...named: readonly (string | RegExp)[]): void {
  expect(ended).toMatchObject({ status: 2, stdout: "" });
  expectPlain(ended);
  expect(ended.stderr).toMatch(/^error: .+[.?]$/m);
  expect(ended.stderr).toMatch(/^hint: .+$/m);
  for (const what of named) expect(ended.stderr).toMatch(what);
}

/** The same with `--json`: one object on stdout, and nothing of the failure on stderr. */
export function expectJsonRefusal(ended: Ended, code: string): void {
  expect(ended.status).toBe(2);
  expectPlain(ended);
  expect(ended.stdout.trim().split("\n")).toHaveLength(1);
  expect(failure.parse(JSON.parse(ended.stdout)).error.code).toBe(code);
  expect(ended.stderr).not.toMatch(/error|hint/);
}

/** No stack, no colour, no module of ours, whatever happened. */
function expectPlain({ stdout, stderr }: Ended): void {
  expect(`${stdout}${stderr}`).not.toMatch(/^ {4}at |node:internal|bug in tenantry/m);
  expect(`${stdout}${stderr}`).not.toContain("\u001b");
}
