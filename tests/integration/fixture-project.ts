import { access, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import type { ExitCode } from "../../src/cli/command.js";
import { runProgram } from "../../src/cli/program.js";
import { loadProject } from "../../src/cli/project/project.js";
import type { Finding } from "../../src/core/finding.js";
import type { TenancyOptions } from "../../src/core/tenancy-settings.js";
import { auditCatalog } from "../../src/isolation/audit.js";
import { catalogScope } from "../../src/isolation/catalog-scope.js";
import { loadPolicyAnalysis } from "../../src/isolation/policy-analysis.js";
import type { CreateOptions, CreateResult } from "../../src/migrate/create/create-migration.js";
import { createMigration } from "../../src/migrate/create/create-migration.js";
import { parseRenameAnswers } from "../../src/migrate/create/rename-answers.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import type { MigrateOptions, MigrateResult } from "../../src/migrate/run/apply-migrations.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import type { Database } from "../../src/postgres/connect.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { serverUrl } from "../support/databases.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const directories: string[] = [];

afterAll(async () => {
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })));
});

/** Answers to drizzle-kit's questions, as the flags give them, and what else `create` may be told. */
export type CreateFlags = {
  readonly rename?: readonly string[];
  readonly create?: readonly string[];
} & Partial<Pick<CreateOptions, "dryRun" | "signal" | "logger" | "ask">>;

/** What a command line printed. */
export type CommandResult = {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
};

/** A user's project in a folder of its own: `drizzle.config.ts`, a schema, a migrations folder. */
export type FixtureProject = {
  readonly directory: string;
  readonly out: string;
  /** Replaces the schema; the text follows the imports and the helpers of the project's tenancy. */
  write(tables: string): Promise<void>;
  create(name: string, flags?: CreateFlags): Promise<CreateResult>;
  migrate(url: URL, options?: Partial<MigrateOptions>): Promise<MigrateResult>;
  /** The findings of the project's code over a database. */
  audit(database: Database): Promise<Finding[]>;
  /** `create`, which must write; applies it; then `create` must have nothing left to do, and the audit no error. */
  advance(database: { adminUrl: URL; admin: Database }, name: string, flags?: CreateFlags): Promise<string>;
  /** Runs `tenantry` in the project. */
  run(argv: readonly string[], variables?: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<CommandResult>;
  /** The names in the migrations folder, hidden ones included. */
  entries(): Promise<string[]>;
};

/** How the project is configured. */
export type FixtureOptions = {
  readonly tenancy?: TenancyOptions;
  /** Further fields of `defineConfig`. */
  readonly config?: Readonly<Record<string, unknown>>;
};

const IMPORTS = `import { sql } from "drizzle-orm";
import { bigint, bigserial, boolean, check, foreignKey, index, integer, jsonb, pgEnum, pgPolicy, pgRole, pgSchema, pgTable,
  pgView, primaryKey, serial, text, timestamp, unique, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { defineTenancy } from "tenantry";
`;

/** Makes a project whose modules resolve as in one that has installed tenantry (its build, in `dist`). */
export async function makeProject(options: FixtureOptions = {}): Promise<FixtureProject> {
  await access(join(repository, "dist/src/index.js"));
  const directory = await mkdtemp(join(tmpdir(), "tenantry-fixture-"));
  directories.push(directory);
  await mkdir(join(directory, "node_modules"));
  await writeFile(join(directory, "package.json"), '{ "type": "module" }\n');
  await symlink(repository, join(directory, "node_modules", "tenantry"));
  for (const name of ["drizzle-orm", "drizzle-kit"])
    await symlink(join(repository, "node_modules", name), join(directory, "node_modules", name));
  const tenancy = JSON.stringify(options.tenancy ?? {});
  // Modules are cached by path, in this process: every version of the schema is a file of its own.
  let version = 0;
  let config = "";
  const write = async (tables: string) => {
    version += 1;
    config = join(directory, `drizzle-${version}.config.ts`);
    const kit = {
      dialect: "postgresql",
      schema: `./schema-${version}.ts`,
      out: "./drizzle",
      ...options.config,
    };
    const helpers =
      "const { tenantColumn, tenantKey, tenantRootKey, withTenantRls, tenantRoot, tenantAuditLog, globalTable, tenantForeignKey } = ";
    await writeFile(
      join(directory, `schema-${version}.ts`),
      `${IMPORTS}${helpers}defineTenancy(${tenancy});\n${tables}\n`,
    );
    await writeFile(
      config,
      `import { defineConfig } from "drizzle-kit";\nimport { defineTenancy } from "tenantry";\n` +
        `export default defineConfig(${JSON.stringify(kit)});\nexport const tenancy = defineTenancy(${tenancy});\n`,
    );
  };
  const out = join(directory, "drizzle");
  const project: FixtureProject = {
    directory,
    out,
    write,
    create: async (name, flags = {}) => {
      const { rename = [], create = [], ...more } = flags;
      const loaded = await loadProject(config);
      return await createMigration({
        name,
        project: { schemaFiles: await loaded.schemaFiles(), breakpoints: loaded.breakpoints },
        ...(await loaded.loadSchema()),
        out: loaded.out,
        shadowServer: new URL(serverUrl),
        answers: parseRenameAnswers(rename, create),
        ...more,
      });
    },
    migrate: async (url, more = {}) => {
      const loaded = await loadProject(config);
      return await applyMigrations({
        url,
        folder: await readFolder(loaded.out),
        ledger: loaded.ledger,
        adminRole: loaded.settings.roles.admin,
        ...more,
      });
    },
    audit: async (database) => {
      const loaded = await loadProject(config);
      const { expected } = await loaded.loadSchema();
      const catalog = await readCatalog(database, catalogScope(expected));
      return auditCatalog({ expected, catalog, analysis: await loadPolicyAnalysis(expected.settings) });
    },
    advance: async (database, name, flags = {}) => {
      const made = await project.create(name, flags);
      if (made.status === "unchanged") throw new Error(`create ${name} wrote nothing`);
      expect(made.left).toEqual([]);
      await project.migrate(database.adminUrl);
      expect((await project.audit(database.admin)).filter(({ level }) => level === "error")).toEqual([]);
      expect((await project.create("nothing")).status).toBe("unchanged");
      return made.sql;
    },
    run: async (argv, variables = {}, signal = new AbortController().signal) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const text = (stream: PassThrough) => String(stream.read() ?? "");
      const exitCode = await runProgram(
        [...argv.slice(0, 1), ...(config === "" ? [] : ["--config", config]), ...argv.slice(1)],
        {
          cwd: directory,
          variables: { SHADOW_DATABASE_URL: serverUrl, ...variables },
          stdin: { isTTY: false },
          stdout,
          stderr,
          signal,
        },
      );
      return { exitCode, stdout: text(stdout), stderr: text(stderr) };
    },
    entries: async () => await readdir(out).catch(() => []),
  };
  return project;
}

/** The names of the shadow databases on the test server that this process has left behind. */
export async function shadowDatabases(): Promise<string[]> {
  return await withDatabase(new URL(serverUrl), {}, async (database) => {
    const rows = await database<{ name: string }[]>`
      select datname as name from pg_database where datname like ${`tenantry\\_shadow\\_${process.pid}\\_%`}`;
    return rows.map(({ name }) => name);
  });
}
