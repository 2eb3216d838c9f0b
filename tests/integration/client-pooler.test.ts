import { eq, sql } from "drizzle-orm";
import { connect, type TenantClient } from "tenantry/client";
import { documents } from "tenantry/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft, failureOf, signUp } from "./client-fixture.js";
import { startCountingProxy } from "./counting-proxy.js";
import { type Pooler, startPgbouncer } from "./start-pgbouncer.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

/** Statements that are prepared on the server, in whatever session answers. */
const countPrepared = (db: TenantClient, tenant: string) =>
  db
    .as(tenant)
    .execute<{ count: number }>(
      sql`select count(*)::int from pg_prepared_statements where statement like ${"%pg_prepared_statements%"}`,
    );

describe.each([1, 2, 5])(
  "behind PgBouncer in transaction mode, with %i connections to the server",
  (size) => {
    let pooler: Pooler;
    let db: TenantClient;

    beforeAll(async () => {
      pooler = await startPgbouncer(database.serviceUrl, "transaction-round-robin", size);
      db = await connect({ url: pooler.urlOf(database.name), max: 6 });
    });

    afterAll(async () => {
      await db.close();
      await pooler.stop();
    });

    it("the client finds out by itself, and keeps nothing prepared", async () => {
      const ann = await signUp(db, "Ann");
      for (let time = 0; time < 5; time += 1) expect(await countPrepared(db, ann)).toEqual([{ count: 0 }]);
    });

    it("tenants stay apart, whatever they do at once", async () => {
      const ids = await Promise.all(["Ann", "Bob", "Cat", "Dan"].map((name) => signUp(db, name)));
      const isOwn = async (id: string) => {
        const rows = await db.as(id).select().from(documents).where(eq(documents.version, 1));
        return rows.length > 0 && rows.every(({ creatorId }) => creatorId === id);
      };
      const operations = [
        isOwn,
        async (id: string) => {
          await db.as(id).insert(documents).values(draft("more"));
          return true;
        },
        (id: string) =>
          db.as(id).transaction(async (tx) => {
            await tx.insert(documents).values(draft("in a transaction"));
            const rows = await tx.select().from(documents);
            return rows.every(({ creatorId }) => creatorId === id);
          }),
        async (id: string) => {
          const mine = db.as(id);
          const [all, some, count] = await mine.batch([
            mine.select().from(documents),
            mine.select().from(documents).where(eq(documents.version, 1)),
            mine.$count(documents),
          ]);
          // Each statement sees what others have committed meanwhile.
          return all.length <= count && some.every(({ creatorId }) => creatorId === id);
        },
        async (id: string) => {
          const { cause } = await failureOf(db.as(id).execute(sql`select 1 / ${0}::int`).then());
          return (cause as { code?: string }).code === "22012";
        },
      ];
      const outcomes = await Promise.all(
        Array.from({ length: 300 }, async (_, at) => operations[at % 5]?.(ids[at % 4] ?? "")),
      );
      expect(outcomes.filter((outcome) => outcome !== true)).toEqual([]);
    });
  },
);

describe("statements are prepared", () => {
  it("on a direct connection, also through a proxy that passes on what the server says", async () => {
    const proxy = await startCountingProxy(database.serviceUrl);
    const db = await connect({ url: proxy.url, max: 1 });
    const ann = await signUp(db, "Ann");
    await countPrepared(db, ann);
    expect(await countPrepared(db, ann)).not.toEqual([{ count: 0 }]);
    await db.close();
    await proxy.close();
  });

  it("behind a pooler if connect() is told that it knows them", async () => {
    const pooler = await startPgbouncer(database.serviceUrl, "session");
    const db = await connect({ url: pooler.urlOf(database.name), max: 1, prepare: true });
    const ann = await signUp(db, "Ann");
    await countPrepared(db, ann);
    expect(await countPrepared(db, ann)).not.toEqual([{ count: 0 }]);
    await db.close();
    await pooler.stop();
  });
});
