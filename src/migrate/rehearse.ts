import type { Catalog } from "../catalog/catalog.js";
import { readCatalog } from "../catalog/read-catalog.js";
import { countOf } from "../core/count-of.js";
import type { Logger } from "../core/logger.js";
import { catalogScope } from "../isolation/catalog-scope.js";
import { demandSql, listDemands } from "../isolation/demands.js";
import type { Expected } from "../isolation/expected.js";
import type { ConnectOptions, Database } from "../postgres/connect.js";
import type { ShadowDatabase } from "../postgres/shadow.js";
import { withShadowTemplate } from "../postgres/shadow-template.js";
import type { Migration } from "./folder/migration.js";
import { replayMigration, runSql } from "./run/replay-migration.js";

/** What a rehearsal needs. */
export type RehearsalPlace = {
  /** The shadow server: a login there that may create databases and roles. */
  readonly server: URL;
  readonly connect: ConnectOptions;
  /** The migrations folder: projects that share a server have templates of their own. */
  readonly out: string;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
};

/**
 * Applies a folder to the shadow, or copies what it was applied to the last time, and runs a function on the result.
 *
 * @throws TenantryError `migration-failed` naming migration and statement, and as `openDatabase`.
 */
export async function withRehearsal<T>(
  place: RehearsalPlace,
  folder: readonly Migration[],
  use: (shadow: ShadowDatabase) => Promise<T>,
): Promise<T> {
  return await withShadowTemplate(
    {
      server: place.server,
      connect: place.connect,
      family: `migrations ${place.out}`,
      content: folder.map(({ name, hash }) => `${name} ${hash}`),
      build: async ({ database }) => {
        place.logger.info(`applying ${countOf(folder.length, "migration")} to the shadow`);
        for (const migration of folder) await replayMigration(database, migration, place.signal);
      },
    },
    use,
  );
}

/**
 * The catalog of a database that is exactly what the code demands: the whole schema as drizzle-kit writes it for an empty
 * database, and the completion.
 *
 * @param exported what `exportSchema` gave.
 */
export async function readDemandedCatalog(
  place: RehearsalPlace,
  expected: Expected,
  exported: readonly string[],
): Promise<Catalog> {
  const demands = listDemands(expected);
  const of = (phase: "before" | "after") =>
    demands.filter((demand) => demand.phase === phase).flatMap(demandSql);
  const statements = [...of("before"), ...exported, ...of("after")];
  const build = async ({ database }: { readonly database: Database }) => {
    await database.begin(async (session) => {
      for (const sql of statements)
        await runSql(session, { name: "the schema", file: "your schema", sql }, place.signal);
    });
  };
  const { server, connect, out } = place;
  return await withShadowTemplate(
    { server, connect, family: `schema ${out}`, content: statements, build },
    ({ database }) => readCatalog(database, catalogScope(expected)),
  );
}
