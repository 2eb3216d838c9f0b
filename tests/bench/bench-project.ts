import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { mustRun, runCommand } from "../e2e/support/run-command.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const binary = join(repository, "dist/src/cli/bin.js");

/** A project in a folder of its own, with an embedded server of its own. */
export type BenchProject = {
  readonly directory: string;
  readonly write: (path: string, text: string) => Promise<void>;
  /** Runs `tenantry` as a process, and throws if it does not end with 0. */
  readonly tenantry: (...args: readonly string[]) => Promise<void>;
  /** Stages a schema in which a table has lost its policy, in a repository that has the rest. */
  readonly stageMistake: () => Promise<void>;
  /** Runs `tenantry` as a process, and throws if it does not end with 1. */
  readonly refused: (...args: readonly string[]) => Promise<void>;
  /** Removes what earlier checks have kept. */
  readonly forgetResults: () => Promise<void>;
  /** Stops the embedded server, if one was started, and removes its data. */
  readonly forgetServer: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

async function makeProject(): Promise<BenchProject> {
  const directory = await mkdtemp(join(tmpdir(), "tenantry-bench-"));
  // PostgreSQL runs as another user where this is root.
  await chmod(directory, 0o755);
  await mkdir(join(directory, "node_modules"));
  await symlink(repository, join(directory, "node_modules/tenantry"));
  for (const name of ["drizzle-orm", "drizzle-kit"])
    await symlink(join(repository, "node_modules", name), join(directory, "node_modules", name));
  const tenantry = async (...args: readonly string[]) => {
    await mustRun({ program: process.execPath, args: [binary, ...args], cwd: directory });
  };
  const refused = async (...args: readonly string[]) => {
    const { status, stderr } = await runCommand({
      program: process.execPath,
      args: [binary, ...args],
      cwd: directory,
    });
    if (status !== 1) throw new Error(`tenantry ${args.join(" ")} ended with ${status}:\n${stderr}`);
  };
  const stageMistake = async () => {
    const identity = [
      "-c",
      "user.name=Bench",
      "-c",
      "user.email=bench@example.org",
      "-c",
      "commit.gpgsign=false",
    ];
    const git = (...args: readonly string[]) =>
      mustRun({ program: "git", args: [...identity, ...args], cwd: directory });
    await write(".gitignore", "node_modules/\n.tenantry/\n");
    await git("init", "--quiet", "--initial-branch=main");
    await git("add", "--all");
    await git("commit", "--quiet", "--no-verify", "--message", "begin");
    const text = await readFile(join(directory, "schema/documents.ts"), "utf8");
    await write("schema/documents.ts", text.replace(/withTenantRls\(t[^)]*\),/, ""));
    await git("add", "--all");
  };
  const forgetResults = () => rm(join(directory, "node_modules/.cache"), { recursive: true, force: true });
  const forgetServer = async () => {
    await tenantry("stop");
    await rm(join(directory, ".tenantry"), { recursive: true, force: true });
  };
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  };
  await write("package.json", '{ "type": "module" }\n');
  const remove = async () => {
    await forgetServer();
    await rm(directory, { recursive: true, force: true });
  };
  return { directory, write, tenantry, refused, stageMistake, forgetResults, forgetServer, remove };
}

/** This repository's schema and migrations. */
export async function copyOwnProject(): Promise<BenchProject> {
  const project = await makeProject();
  for (const name of ["schema", "drizzle", "drizzle.config.ts"])
    await cp(join(repository, name), join(project.directory, name), { recursive: true });
  return project;
}

/** A schema of so many tables, ten in a file, and the migration that makes them. */
export async function generateTables(count: number): Promise<BenchProject> {
  const project = await makeProject();
  await project.write(
    "drizzle.config.ts",
    `import { defineConfig } from "drizzle-kit";
export default defineConfig({ dialect: "postgresql", schema: "./schema/*.ts", out: "./drizzle" });
`,
  );
  await project.write(
    "schema/creators.ts",
    `import { pgTable, text } from "drizzle-orm/pg-core";
import { tenantRoot, tenantRootKey } from "tenantry";
export const creators = pgTable("creators", { ...tenantRootKey(), name: text("name").notNull() }, (t) => [tenantRoot(t)]);
`,
  );
  for (let first = 0; first < count - 1; first += 10) {
    const numbers = Array.from({ length: Math.min(10, count - 1 - first) }, (_, index) => first + index);
    await project.write(`schema/part-${first / 10}.ts`, schemaFile(numbers));
  }
  await project.tenantry("create", "init");
  return project;
}

function schemaFile(numbers: readonly number[]): string {
  const tables = numbers.map(
    (number, position) => `export const table${number} = pgTable("table_${number}", {
  ...tenantKey(),
  title: text("title").notNull(),
  amount: integer("amount").notNull().default(0),
  parentId: uuid("parent_id"),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
}, (t) => [
  withTenantRls(t),
  tenantForeignKey(t, { columns: [], foreignColumns: [creators.id], onDelete: "cascade" }),
${position === 0 ? "" : `  tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [table${number - 1}.id], onDelete: "cascade" }),\n`}\
  index("table_${number}_creator_id_created_at_idx").on(t.creatorId, t.createdAt),
  check("table_${number}_amount_check", sql\`\${t.amount} >= 0\`),
]);
`,
  );
  return `import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { tenantForeignKey, tenantKey, withTenantRls } from "tenantry";
import { creators } from "./creators.js";

${tables.join("\n")}`;
}

const snapshot = z.object({ id: z.string() });

/** This repository's schema, with small migrations after its own until there are so many. */
export async function generateMigrations(count: number): Promise<BenchProject> {
  const project = await copyOwnProject();
  const folders = (await readdir(join(project.directory, "drizzle"))).sort();
  const last = join(project.directory, "drizzle", folders.at(-1) ?? "", "snapshot.json");
  let parent = snapshot.parse(JSON.parse(await readFile(last, "utf8"))).id;
  for (let number = folders.length; number < count; number += 1) {
    const id = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
    const moment = new Date(Date.UTC(2030, 0, 1, 0, number)).toISOString().replace(/\D/g, "").slice(0, 14);
    const place = `drizzle/${moment}_step`;
    await project.write(
      `${place}/snapshot.json`,
      JSON.stringify({
        type: "diff",
        version: "9",
        dialect: "postgres",
        id,
        prevIds: [parent],
        footprints: [],
        deltas: [],
      }),
    );
    await project.write(`${place}/migration.sql`, migration(number));
    parent = id;
  }
  return project;
}

function migration(number: number): string {
  return [
    `comment on table "documents" is 'step ${number}';`,
    `comment on column "documents"."title" is 'step ${number}';`,
    `alter table "documents" alter column "title" set statistics ${100 + number};`,
    `grant select on "documents" to "app_tenant";`,
  ].join("\n--> statement-breakpoint\n");
}
