import { readFacts } from "../../../src/catalog/facts.js";
import { readCatalog } from "../../../src/catalog/read-catalog.js";
import type { Database } from "../../../src/postgres/connect.js";

/** What a run has left: two runs that are alike left the same. */
export type RunOutcome = {
  readonly catalog: readonly string[];
  readonly ledger: readonly string[];
  readonly journal: readonly string[];
  readonly rows: readonly string[];
  readonly invalidIndexes: readonly string[];
};

/** Reads {@link RunOutcome} of a database that {@link writeFaultFolder}'s migrations were applied to. */
export async function readOutcome(database: Database): Promise<RunOutcome> {
  const catalog = await readCatalog(database, { schemas: ["public"], roles: [] });
  const facts = readFacts(catalog).map(({ key, value }) => `${key}: ${value}`);
  const texts = async (sql: string) =>
    (await database.unsafe<{ text: string }[]>(sql)).map(({ text }) => text);
  const tables = await texts(
    "select relname as text from pg_class where relkind = 'r' and relname like 'table\\_%' order by 1",
  );
  const rows = await Promise.all(
    tables.map((table) =>
      texts(`select '${table} ' || count(*) || ' ' || coalesce(sum(value), 0) as text from "${table}"`),
    ),
  );
  return {
    catalog: facts.sort(),
    ledger: await texts("select name || ' ' || hash as text from drizzle.__drizzle_migrations order by id"),
    journal: await texts("select step || ' ' || coalesce(mood::text, '') as text from journal order by 1"),
    rows: rows.flat(),
    invalidIndexes: await texts(
      "select indexrelid::regclass::text as text from pg_index where not indisvalid",
    ),
  };
}
