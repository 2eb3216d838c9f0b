import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { z } from "zod";
import type { TenancySettings } from "../../src/core/tenancy-settings.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import type { Expected } from "../../src/isolation/expected.js";
import { readExpected } from "../../src/isolation/expected.js";
import type { Migration } from "../../src/migrate/folder/migration.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import type { ProjectName } from "./mutant.js";

/** A project as it is before anything is planted in it. */
export type BaseProject = {
  readonly name: ProjectName;
  readonly settings: TenancySettings;
  readonly expected: Expected;
  /** What its one schema file exports, as a check wants it. */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly migrationsFolder: string;
  readonly migrations: readonly Migration[];
  /** Its schema files, the entry first, by their paths in the project. */
  readonly files: Readonly<Record<string, string>>;
};

/** The schema files of each project, the entry first. */
const FILES: Readonly<Record<ProjectName, readonly string[]>> = {
  own: [
    "index",
    "audit-logs",
    "conversations",
    "creators",
    "documents",
    "jwt-blacklist",
    "refresh-tokens",
    "timestamps",
    "token-cutoffs",
    "widget-configurations",
  ],
  other: ["index", "crm", "ops", "tenancy"],
};

const DIRECTORIES: Readonly<Record<ProjectName, string>> = {
  own: fileURLToPath(new URL("../../", import.meta.url)),
  other: fileURLToPath(new URL("./fixture/", import.meta.url)),
};

const jiti = createJiti(import.meta.url, {
  interopDefault: false,
  alias: { tenantry: fileURLToPath(new URL("../../src/index.ts", import.meta.url)) },
});

const configuration = z.object({ tenancy: z.object({ settings: z.unknown() }) });

/** Loads one of the two projects, with the package as it is in the sources, built or not. */
export async function readBaseProject(name: ProjectName): Promise<BaseProject> {
  const directory = DIRECTORIES[name];
  const { tenancy } = configuration.parse(await jiti.import(join(directory, "drizzle.config.ts")));
  const settings = parseTenancySettings(tenancy.settings);
  const module: object = await jiti.import(join(directory, "schema/index.ts"));
  const exports = Object.fromEntries(Object.entries(module).map(([key, value]) => [`0:${key}`, value]));
  const migrationsFolder = join(directory, "drizzle");
  const paths = FILES[name].map((file) => `schema/${file}.ts`);
  const texts = await Promise.all(
    paths.map(async (path) => [path, await readFile(join(directory, path), "utf8")] as const),
  );
  return {
    name,
    settings,
    expected: readExpected(settings, exports),
    exports,
    migrationsFolder,
    migrations: await readFolder(migrationsFolder),
    files: Object.fromEntries(texts),
  };
}
