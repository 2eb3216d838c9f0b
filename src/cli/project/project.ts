import { stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import type { Jiti } from "jiti";
import { z } from "zod";
import { messageOf, TenantryError } from "../../core/errors.js";
import type { TenancySettings } from "../../core/tenancy-settings.js";
import { parseTenancySettings } from "../../core/tenancy-settings.js";
import type { Expected } from "../../isolation/expected.js";
import type { LedgerPlace } from "../../migrate/ledger/ledger.js";
import { DEFAULT_LEDGER } from "../../migrate/ledger/ledger.js";

/** The one configuration file. */
export const CONFIG_NAME = "drizzle.config.ts";

/** A project's configuration, loaded; its schema is loaded when it is asked for. */
export type Project = {
  readonly directory: string;
  readonly settings: TenancySettings;
  /** The migrations folder. */
  readonly out: string;
  /** Files, folders or patterns, as the configuration names the schema. */
  readonly schemaPatterns: readonly string[];
  readonly breakpoints: boolean;
  readonly ledger: LedgerPlace;
  readonly schemaFiles: () => Promise<readonly string[]>;
  /** The exports of the schema files, merged; keys are `<number of the file>:<name>`. */
  readonly loadExports: () => Promise<Readonly<Record<string, unknown>>>;
  /** The exports of the schema files, merged, and what they demand of a database. */
  readonly loadSchema: () => Promise<{
    readonly exports: Readonly<Record<string, unknown>>;
    readonly expected: Expected;
  }>;
};

const configSchema = z.object({
  dialect: z.literal("postgresql"),
  schema: z.union([z.string(), z.array(z.string())]),
  out: z.string().default("drizzle"),
  breakpoints: z.boolean().default(true),
  migrations: z.object({ schema: z.string().optional(), table: z.string().optional() }).default({}),
});

const SCRIPT_EXTENSIONS: ReadonlySet<string> = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"]);

/** What an import without an extension may mean; jiti looks for each on disk, which a large schema feels. */
const IMPORTED_EXTENSIONS: readonly string[] = [".ts", ".js"];

/**
 * Loads `drizzle.config.ts`: drizzle-kit's part is its default export, ours the export `tenancy`.
 *
 * @throws TenantryError `config-not-found`, `config-invalid`.
 */
export async function loadProject(configPath: string): Promise<Project> {
  await requireConfig(configPath);
  const directory = dirname(configPath);
  const module = await load(configPath, "config-invalid");
  const parsed = configSchema.safeParse(module.default);
  if (!parsed.success) {
    throw new TenantryError({
      code: "config-invalid",
      message: `${basename(configPath)} is not valid.`,
      details: parsed.error.issues.map(
        (issue) => `${issue.path.join(".") || "default export"}: ${issue.message}`,
      ),
      hint: 'Export defineConfig({ dialect: "postgresql", schema: "./schema/index.ts", out: "./drizzle" }) as the default.',
    });
  }
  const config = parsed.data;
  const settings = readSettings(module.tenancy);
  const schemaPatterns = [config.schema].flat();
  const schemaFiles = () => findSchemaFiles(directory, schemaPatterns);
  let loaded: Promise<Record<string, unknown>> | undefined;
  const loadAll = () => {
    loaded ??= schemaFiles().then(loadExports);
    return loaded;
  };
  return {
    directory,
    settings,
    out: resolve(directory, config.out),
    schemaPatterns,
    breakpoints: config.breakpoints,
    ledger: {
      schema: config.migrations.schema ?? DEFAULT_LEDGER.schema,
      table: config.migrations.table ?? DEFAULT_LEDGER.table,
    },
    schemaFiles,
    loadExports: loadAll,
    loadSchema: async () => {
      const exports = await loadAll();
      // What judges tables needs drizzle-orm, which the schema has loaded by now.
      const { readExpected } = await import("../../isolation/expected.js");
      const expected = readExpected(settings, exports);
      if (expected.tables.length === 0) throw noTables();
      return { exports, expected };
    },
  };
}

/** "0 of 0 tables are isolated" would prove nothing. */
function noTables(): TenantryError {
  return new TenantryError({
    code: "schema-invalid",
    message: "The schema files export no table.",
    hint: 'Export your tables from the files that "schema" names in drizzle.config.ts.',
  });
}

/** What `defineTenancy()` returned, perhaps in another copy of this module; no export means the defaults. */
function readSettings(tenancy: unknown): TenancySettings {
  if (tenancy === undefined) return parseTenancySettings({});
  const settings =
    typeof tenancy === "object" && tenancy !== null && "settings" in tenancy ? tenancy.settings : undefined;
  if (settings !== undefined) return parseTenancySettings(settings);
  throw new TenantryError({
    code: "config-invalid",
    message: "The export `tenancy` of drizzle.config.ts is not what defineTenancy() returns.",
    hint: 'Write: export const tenancy = defineTenancy({ … }); with defineTenancy from "tenantry".',
  });
}

async function requireConfig(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return;
  throw new TenantryError({
    code: "config-not-found",
    message: `${basename(path)} was not found in ${dirname(path)}.`,
    hint: "Run the command in your project's folder, or name the file with --config.",
  });
}

/**
 * The files of a schema, as drizzle-kit finds them: a file, a folder with all its scripts, or a pattern.
 *
 * @throws TenantryError `config-invalid` if there is none.
 */
export async function findSchemaFiles(
  directory: string,
  patterns: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(patterns.map((pattern) => expand(directory, pattern)));
  const files = [...new Set(found.flat())].filter((file) => SCRIPT_EXTENSIONS.has(extname(file))).sort();
  if (files.length > 0) return files;
  throw new TenantryError({
    code: "config-invalid",
    message: `No schema file matches ${patterns.join(", ")} in ${directory}.`,
    hint: 'Correct "schema" in drizzle.config.ts.',
  });
}

async function expand(directory: string, pattern: string): Promise<string[]> {
  const path = resolve(directory, pattern);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return [path];
  const { glob } = await import("tinyglobby");
  const search = found?.isDirectory() === true ? "**/*" : relative(directory, path);
  return await glob(search, {
    cwd: found?.isDirectory() === true ? path : directory,
    absolute: true,
    ignore: ["**/*.d.ts"],
  });
}

async function loadExports(files: readonly string[]): Promise<Record<string, unknown>> {
  const modules = await Promise.all(files.map((file) => load(file, "schema-invalid")));
  // Two files may export the same name for different things: drizzle-kit sees both, so the key is not the name alone.
  return Object.fromEntries(
    modules.flatMap((module, index) =>
      Object.entries(module).map(([name, value]) => [`${index}:${name}`, value]),
    ),
  );
}

async function load(
  path: string,
  code: "config-invalid" | "schema-invalid",
): Promise<Record<string, unknown>> {
  const jiti = await createLoader(path);
  try {
    const module: unknown = await jiti.import(path);
    return typeof module === "object" && module !== null ? { ...module } : {};
  } catch (thrown) {
    if (thrown instanceof TenantryError) throw thrown;
    const [what = "", ...more] = messageOf(thrown)
      .split("\n")
      .map((line) => line.trim());
    throw new TenantryError({
      code,
      message: `${join(basename(dirname(path)), basename(path))} could not be loaded: ${what.replace(/\.?$/, ".")}`,
      // The parser says here in which line.
      details: more.some((line) => line.includes(path)) ? more.slice(0, 5) : [path],
      hint: "Correct the file; what it imports must be installed.",
      cause: thrown,
    });
  }
}

/** jiti is loaded here and not before: `--help` has nothing to load. */
async function createLoader(path: string): Promise<Jiti> {
  const { createJiti } = await import("jiti");
  return createJiti(import.meta.url, {
    moduleCache: true,
    interopDefault: false,
    extensions: [...new Set([extname(path), ...IMPORTED_EXTENSIONS])],
  });
}
