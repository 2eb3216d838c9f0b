import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadProject } from "../../src/cli/project/project.js";
import { splitBreakpoints } from "../../src/migrate/folder/breakpoints.js";
import { createEmptyDatabase } from "../../src/testing/create-empty-database.js";
import { startEmbeddedServer } from "../support/postgres-embedded.js";
import { copyOwnProject, generateTables } from "./bench-project.js";
import { describeMachine } from "./describe-machine.js";
import { measure, median } from "./measure.js";
import { benchDbmate } from "./migrators/dbmate.js";
import { benchDrizzle, benchDrizzleV0 } from "./migrators/drizzle.js";
import type { BenchMigration, BenchMigrator } from "./migrators/migrator.js";
import { benchNodePgMigrate } from "./migrators/node-pg-migrate.js";
import { benchTenantry } from "./migrators/tenantry.js";
import { replaceSection } from "./report.js";

const document = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const MIGRATIONS = 200;
const APPLIED = 1000;

/** The times of each migrator, taken in turns, so that the machine's other work meets all of them. */
type Times = ReadonlyMap<string, number[]>;

const describe = describeMachine();
const server = await startEmbeddedServer();
const project = await generateTables(MIGRATIONS);
try {
  const { expected } = await (await loadProject(join(project.directory, "drizzle.config.ts"))).loadSchema();
  const real = await splitMigration(join(project.directory, "drizzle"));
  const tables = [
    formatTimes(
      `${MIGRATIONS} migrations (${real.reduce((sum, { sql }) => sum + splitBreakpoints(sql).length, 0)} statements) on an empty database`,
      await takeTurns(join(project.directory, "apply"), real, expected),
    ),
    formatTimes(`nothing to do, ${APPLIED} applied`, await runIdle(join(project.directory, "idle"))),
    await timeStatus(),
  ];
  const section = [describe(), "", ...tables].join("\n");
  await writeFile(document, replaceSection(await readFile(document, "utf8"), "bench-migrate", section));
  console.log(section);
} finally {
  await project.remove();
  await server.stop();
}

type Expected = Parameters<typeof benchTenantry>[1];

function listMigrators(directory: string, expected: Expected): BenchMigrator[] {
  return [
    benchTenantry(join(directory, "tenantry"), expected),
    benchTenantry(join(directory, "bare"), undefined),
    benchDrizzle(join(directory, "v1")),
    benchDrizzleV0(join(directory, "v0")),
    benchNodePgMigrate(join(directory, "pg")),
    benchDbmate(join(directory, "dbmate")),
  ];
}

async function takeTurns(
  directory: string,
  migrations: readonly BenchMigration[],
  expected: Expected,
): Promise<Times> {
  const migrators = listMigrators(directory, expected);
  const times = new Map(migrators.map(({ name }) => [name, [] as number[]]));
  for (const migrator of migrators) await migrator.prepare(migrations);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const migrator of migrators) {
      const database = await createEmptyDatabase({ serverUrl: server.url });
      const sample = await measure(1, () => migrator.migrate(database.adminUrl));
      times.get(migrator.name)?.push(...sample.times);
      await database.drop();
    }
  }
  return times;
}

async function runIdle(directory: string): Promise<Times> {
  const migrations = Array.from({ length: APPLIED }, (_, index) => ({
    name: `step_${index}`,
    sql: `comment on schema public is 'step ${index}';`,
  }));
  const migrators = listMigrators(directory, undefined).slice(1);
  const times = new Map(migrators.map(({ name }) => [name, [] as number[]]));
  const databases = new Map<string, Awaited<ReturnType<typeof createEmptyDatabase>>>();
  for (const migrator of migrators) {
    await migrator.prepare(migrations);
    const database = await createEmptyDatabase({ serverUrl: server.url });
    databases.set(migrator.name, database);
    await migrator.migrate(database.adminUrl);
  }
  for (let round = 0; round < ROUNDS * 3; round += 1) {
    for (const migrator of migrators) {
      const url = databases.get(migrator.name)?.adminUrl;
      if (url === undefined) continue;
      const sample = await measure(1, () => migrator.migrate(url));
      times.get(migrator.name)?.push(...sample.times);
    }
  }
  for (const database of databases.values()) await database.drop();
  return times;
}

/** The one migration of a generated project, cut into so many of about the same size. */
async function splitMigration(folder: string): Promise<BenchMigration[]> {
  const [name = ""] = await readdir(folder);
  const statements = splitBreakpoints(await readFile(join(folder, name, "migration.sql"), "utf8"));
  const size = statements.length / MIGRATIONS;
  return Array.from({ length: MIGRATIONS }, (_, index) => ({
    name: `step_${index}`,
    sql: statements
      .slice(Math.round(index * size), Math.round((index + 1) * size))
      .join("\n--> statement-breakpoint\n"),
  }));
}

async function timeStatus(): Promise<string> {
  const own = await copyOwnProject();
  try {
    await own.tenantry("init");
    const status = await measure(ROUNDS * 2, () => own.tenantry("status"));
    const version = await measure(ROUNDS * 2, () => own.tenantry("--version"));
    return formatTimes(
      "whole processes, this schema, the server runs",
      new Map([
        ["`tenantry status`", [...status.times]],
        ["`tenantry --version`", [...version.times]],
      ]),
    );
  } finally {
    await own.remove();
  }
}

function formatTimes(title: string, times: Times): string {
  const reference = median(times.get("drizzle-orm 0.45.4") ?? [Number.NaN]);
  const rows = [...times].map(([name, taken]) => {
    const middle = median(taken);
    const range = `${Math.min(...taken).toFixed(0)}–${Math.max(...taken).toFixed(0)}`;
    const ratio = Number.isNaN(reference) ? "" : (middle / reference).toFixed(2);
    return `| ${name} | ${middle.toFixed(0)} | ${range} | ${taken.length} | ${ratio} |`;
  });
  return [
    `| ${title} | median, ms | fastest–slowest | runs | ÷ 0.45 |`,
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
