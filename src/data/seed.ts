import { DrizzleQueryError, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { TenantClient } from "../client/tenant-client.js";
import { codeOf, messageOf, TenantryError } from "../core/errors.js";
import { importPeer } from "../core/import-peer.js";
import type { Logger } from "../core/logger.js";
import type { TenancySettings, TenantColumnType } from "../core/tenancy-settings.js";
import type { SeedCreator, SeedModule, SeedRow, SeedTable } from "./seed-module.js";
import { makeRows } from "./seed-rows.js";
import { listSeededTables, type SeededTable } from "./seed-tables.js";
import { createRandom, seededUuid, seedOf } from "./seeded-random.js";

type Transaction = Parameters<Parameters<PostgresJsDatabase["transaction"]>[0]>[0];

/** What to seed, and how much. */
export type SeedRequest = {
  /** Connected as a service: what it may not write, seeding cannot write either. */
  readonly client: TenantClient;
  readonly settings: TenancySettings;
  /** The schema's exports. */
  readonly exports: Readonly<Record<string, unknown>>;
  /** What is realistic; without it drizzle-seed's guesses. */
  readonly module: SeedModule | undefined;
  readonly creators: number;
  readonly seed: number;
  /** Rows per table and creator, where the seed module does not say otherwise. */
  readonly count: number;
  /** Makes the rows, and writes none. */
  readonly dryRun: boolean;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
};

/** What became of one creator. */
export type SeededCreator = {
  readonly id: string;
  /** `exists`: there are rows of this creator already, from an earlier run; it was left as it is. */
  readonly status: "seeded" | "exists" | "planned";
  /** Rows by table, in the order in which they were written. */
  readonly rows: Readonly<Record<string, number>>;
};

/**
 * Fills the tables of several creators, each in one transaction of its own and in that creator's context. The same seed
 * makes the same creators with the same rows; a creator that has rows already is left as it is.
 *
 * @throws TenantryError `dependency-missing` without drizzle-seed, `config-invalid` for a seed module that names what
 * is not there, `schema-invalid` for rows that the database refuses, `migrations-folder` for tables that are missing.
 */
export async function seed(request: SeedRequest): Promise<SeededCreator[]> {
  const tables = listSeededTables(request.exports);
  if (tables.length === 0) {
    throw new TenantryError({
      code: "schema-invalid",
      message: "The schema has no tenant table into which services may insert.",
      hint: "Declare one with withTenantRls(t), and export it from the schema files.",
    });
  }
  const drizzleSeed = await loadDrizzleSeed();
  const creators: SeededCreator[] = [];
  for (let index = 0; index < request.creators; index += 1) {
    requireNotInterrupted(request.signal);
    const id = creatorId(request.settings.columnType, request.seed, index);
    creators.push(await seedCreator(request, tables, drizzleSeed, { id, index, count: request.count }));
  }
  return creators;
}

function loadDrizzleSeed(): Promise<typeof import("drizzle-seed")> {
  const peer = { name: "drizzle-seed", neededTo: "make rows up", isForDevelopment: true };
  return importPeer(peer, () => import("drizzle-seed"));
}

/** The id of the n-th creator of a seed. */
function creatorId(type: TenantColumnType, seed: number, index: number): string {
  if (type === "uuid") return seededUuid(createRandom(seedOf(seed, index)), index);
  if (type === "text") return `seed-${seed}-${index + 1}`;
  return String(seed * 1000 + index + 1);
}

async function seedCreator(
  request: SeedRequest,
  tables: readonly SeededTable[],
  drizzleSeed: typeof import("drizzle-seed"),
  creator: SeedCreator,
): Promise<SeededCreator> {
  const refinements = readRefinements(request.module, drizzleSeed, tables, creator);
  return await request.client.as(creator.id).transaction(async (tx) => {
    const found = await hasRows(tx, tables);
    if (found) return { id: creator.id, status: "exists", rows: {} };
    const written = new Map<PgTable, readonly SeedRow[]>();
    const counts: Record<string, number> = {};
    for (const table of tables) {
      const refined = table.names.map((name) => refinements[name]).find((one) => one !== undefined) ?? {};
      for (const { foreignTable } of table.references) {
        const isOurs = tables.some((other) => other.table === foreignTable);
        if (!isOurs && !written.has(foreignTable))
          written.set(foreignTable, await readParents(tx, foreignTable));
      }
      const rowsOf = (other: PgTable) => written.get(other) ?? [];
      const rows = await makeRows({ drizzleSeed, table, refined, creator, seed: request.seed, rowsOf });
      if (!request.dryRun) await insert(tx, table, rows, refined);
      written.set(table.table, rows);
      counts[table.name] = rows.length;
    }
    if (!request.dryRun) request.logger.info(`seeded creator ${creator.id}`);
    return { id: creator.id, status: request.dryRun ? "planned" : "seeded", rows: counts };
  });
}

function readRefinements(
  module: SeedModule | undefined,
  drizzleSeed: typeof import("drizzle-seed"),
  tables: readonly SeededTable[],
  creator: SeedCreator,
): Readonly<Record<string, SeedTable | undefined>> {
  const refinements = module?.(drizzleSeed.getGeneratorsFunctions(), creator) ?? {};
  for (const [name, refined] of Object.entries(refinements)) {
    const table = tables.find(({ names }) => names.includes(name));
    const unknown =
      table === undefined
        ? `a table ${name}, which is not among those that can be seeded`
        : Object.keys(refined?.columns ?? {})
            .filter((property) => !Object.hasOwn(table.columns, property))
            .map((property) => `a column ${name}.${property}, which is not there`)[0];
    if (unknown === undefined) continue;
    throw new TenantryError({
      code: "config-invalid",
      message: `The seed module names ${unknown}.`,
      hint: `The tables are: ${tables.map(({ names }) => names[0]).join(", ")}; columns by their names in the schema files.`,
    });
  }
  return refinements;
}

async function hasRows(tx: Transaction, tables: readonly SeededTable[]): Promise<boolean> {
  for (const { table, name } of tables) {
    try {
      const rows = await tx.select({ one: sql`1` }).from(table).limit(1);
      if (rows.length > 0) return true;
    } catch (thrown) {
      throw explain(thrown, name, true);
    }
  }
  return false;
}

/** Rows of a global table, to refer to. */
async function readParents(tx: Transaction, table: PgTable): Promise<SeedRow[]> {
  return await tx.select().from(table).orderBy(sql`1`).limit(100);
}

/** Far below what one statement takes, whatever the number of columns. */
const PARAMETERS_PER_STATEMENT = 30_000;

async function insert(
  tx: Transaction,
  table: SeededTable,
  rows: readonly SeedRow[],
  refined: SeedTable,
): Promise<void> {
  const batch = Math.floor(PARAMETERS_PER_STATEMENT / Math.max(1, Object.keys(table.columns).length));
  for (let start = 0; start < rows.length; start += batch) {
    try {
      await tx.insert(table.table).values(rows.slice(start, start + batch) as never);
    } catch (thrown) {
      throw explain(thrown, table.name, Object.keys(refined).length > 0);
    }
  }
}

/** What the database refuses is a mistake in the seed module, or the want of one. */
function explain(thrown: unknown, table: string, isRefined: boolean): unknown {
  const cause = thrown instanceof DrizzleQueryError ? thrown.cause : thrown;
  // What the client has explained keeps the server's own code and constraint.
  const refused = cause instanceof TenantryError ? cause.refused : undefined;
  const code = refused?.sqlState ?? codeOf(cause) ?? "";
  if (code === "42P01" || code === "42703" || code === "3F000" || code === "42883") {
    return new TenantryError({
      code: "migrations-folder",
      message: `The database is not at the state of the schema: ${messageOf(cause)}.`,
      hint: 'Run "tenantry init", which applies the migrations.',
      cause: thrown,
    });
  }
  if (!code.startsWith("23") && !code.startsWith("22") && code !== "42501") return thrown;
  const constraint = refused?.constraint;
  return new TenantryError({
    code: "schema-invalid",
    message: `The database refuses the seeded rows of ${table}: ${messageOf(cause).replace(/\.$/, "")}.`,
    ...(constraint === undefined ? {} : { details: [`constraint: ${constraint}`] }),
    hint: isRefined
      ? `Correct ${table} in your seed module. Nothing was written for this creator.`
      : `Say in a seed module what is realistic for ${table}: defineTenancy({ seed: "./schema/seed.ts" }) in drizzle.config.ts names it. Nothing was written for this creator.`,
    cause: thrown,
  });
}

function requireNotInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new TenantryError({
    code: "interrupted",
    message: "Seeding was interrupted between two creators.",
    hint: "Run it again: creators that are there are left as they are.",
  });
}
