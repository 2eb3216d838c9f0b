import { diffCatalogs } from "../../catalog/diff-catalogs.js";
import { readCatalog } from "../../catalog/read-catalog.js";
import { TenantryError } from "../../core/errors.js";
import { catalogScope } from "../../isolation/catalog-scope.js";
import type { Completion } from "../../isolation/completion.js";
import { completeDifferences } from "../../isolation/completion.js";
import type { Demand } from "../../isolation/demands.js";
import { demandSql } from "../../isolation/demands.js";
import type { Expected } from "../../isolation/expected.js";
import type { ConnectOptions, Database } from "../../postgres/connect.js";
import { withShadowDatabase } from "../../postgres/shadow.js";
import type { Migration } from "../folder/migration.js";
import { replayMigration, runSql } from "../run/replay-migration.js";

/** What is rehearsed. */
export type Rehearsal = {
  readonly server: URL;
  readonly connect: ConnectOptions;
  readonly expected: Expected;
  readonly demands: readonly Demand[];
  readonly earlier: readonly Migration[];
  /** The new migration as far as it is known. */
  readonly draft: { readonly before: readonly string[]; readonly generated: readonly string[] };
  /** The whole schema, as drizzle-kit writes it for an empty database. */
  readonly exported: readonly string[];
  readonly signal: AbortSignal | undefined;
};

/**
 * Builds two databases, the one that the folder leads to and the one that the code demands, compares their catalogs,
 * and gives the SQL between them; then runs that, to prove that nothing is left that it could close.
 */
export async function completeOnShadow(rehearsal: Rehearsal): Promise<Completion> {
  const { expected, demands, server, connect, signal } = rehearsal;
  const runDraft = async (database: Database, name: string, statements: readonly string[]) =>
    await database.begin(async (session) => {
      for (const sql of statements) await runSql(session, { name, file: "your schema", sql }, signal);
    });
  const scope = catalogScope(expected);
  const before = demands.filter((demand) => demand.phase === "before").flatMap(demandSql);
  const after = demands.filter((demand) => demand.phase === "after").flatMap(demandSql);
  const demanded = await withShadowDatabase(server, connect, async ({ database }) => {
    await runDraft(database, "the schema", [...before, ...rehearsal.exported, ...after]);
    return await readCatalog(database, scope);
  });
  return await withShadowDatabase(server, connect, async ({ database }) => {
    for (const migration of rehearsal.earlier) await replayMigration(database, migration, signal);
    await runDraft(database, "the new migration", [...rehearsal.draft.before, ...rehearsal.draft.generated]);
    const differences = diffCatalogs(demanded, await readCatalog(database, scope));
    const completion = completeDifferences(expected, demands, differences);
    await runDraft(database, "the completion", completion.statements);
    const remaining = completeDifferences(
      expected,
      demands,
      diffCatalogs(demanded, await readCatalog(database, scope)),
    );
    if (remaining.statements.length === 0) return completion;
    throw new TenantryError({
      code: "isolation",
      message: "The completion does not bring the migrations to what the schema demands.",
      details: remaining.statements,
      hint: "A later statement of the folder undoes it; look for triggers, event triggers or grants of your own.",
    });
  });
}
