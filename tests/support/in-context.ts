import type postgres from "postgres";
import type { Database } from "../../src/postgres/connect.js";

/** Settings of a transaction, besides the tenant: `{ "app.actor": "user 1" }`. */
export type Settings = Readonly<Record<string, string>>;

/** Runs statements in one transaction in a creator's context, as a service does; undefined for none. */
export async function inContext<T>(
  service: Database,
  creatorId: string | undefined,
  use: (sql: postgres.TransactionSql) => Promise<T>,
  settings: Settings = {},
): Promise<T> {
  const context = creatorId === undefined ? {} : { "app.creator_id": creatorId };
  // An array makes postgres.js wait for its elements: a result must not be mistaken for one.
  const { result } = await service.begin(async (sql) => {
    for (const [name, value] of Object.entries({ ...context, ...settings })) {
      await sql.unsafe(`set local ${name} = '${value.replaceAll("'", "''")}'`);
    }
    return { result: await use(sql) };
  });
  return result;
}
