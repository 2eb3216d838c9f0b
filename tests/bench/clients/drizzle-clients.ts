import { desc, eq, sql } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { BenchClient, OpenClient } from "./bench-client-kind.js";
import { isolated, open } from "./bench-table.js";

/** No row security: each query has its WHERE, or leaks. */
export const bareDrizzle: BenchClient = {
  name: "bare Drizzle, WHERE by hand, no row security",
  open: async (url, max) =>
    withDrizzle(url, max, (db, tenant) =>
      db.select().from(open).where(eq(open.creatorId, tenant)).orderBy(desc(open.createdAt)).limit(10),
    ),
};

/** The same under a name, which the server keeps prepared. */
export const preparedDrizzle: BenchClient = {
  name: "the same, prepared under a name",
  open: async (url, max) => {
    const client = postgres(url.href, { max, onnotice: () => {} });
    const prepared = drizzle({ client })
      .select()
      .from(open)
      .where(eq(open.creatorId, sql.placeholder("tenant")))
      .orderBy(desc(open.createdAt))
      .limit(10)
      .prepare("newest");
    return { read: (tenant) => prepared.execute({ tenant }), close: () => client.end() };
  },
};

/** A transaction for each query, with `set_config`. */
export const setConfigDrizzle: BenchClient = {
  name: "drizzle.transaction + set_config",
  open: async (url, max) =>
    withDrizzle(url, max, (db, tenant) =>
      db.transaction(async (tx) => {
        await tx.execute(sql`select set_config('app.creator_id', ${tenant}, true)`);
        return await newest(tx);
      }),
    ),
};

/**
 * What Drizzle's documentation shows for row security: settings and role are set in the transaction, and put back at its
 * end. https://orm.drizzle.team/docs/rls
 */
export const documentedDrizzle: BenchClient = {
  name: "the recipe of Drizzle's documentation",
  open: async (url, max) =>
    withDrizzle(url, max, (db, tenant) =>
      db.transaction(async (tx) => {
        try {
          await tx.execute(
            sql`select set_config('request.jwt.claims', ${JSON.stringify({ sub: tenant })}, true)`,
          );
          await tx.execute(sql`select set_config('app.creator_id', ${tenant}, true)`);
          await tx.execute(sql`set local role ${sql.identifier("app_tenant")}`);
          return await newest(tx);
        } finally {
          await tx.execute(sql`select set_config('app.creator_id', null, true)`);
          await tx.execute(sql`reset role`);
        }
      }),
    ),
};

/** Without a WHERE: the policy is there for that. */
export async function newest(db: Pick<PostgresJsDatabase, "select">) {
  return await db.select().from(isolated).orderBy(desc(isolated.createdAt)).limit(10);
}

async function withDrizzle(
  url: URL,
  max: number,
  read: (db: PostgresJsDatabase, tenant: string) => Promise<readonly { readonly creatorId: string }[]>,
): Promise<OpenClient> {
  const client = postgres(url.href, { max, onnotice: () => {} });
  const db = drizzle({ client });
  return { read: (tenant) => read(db, tenant), close: () => client.end() };
}
