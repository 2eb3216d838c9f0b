import { eq, sql } from "drizzle-orm";
import { uuidV7 } from "tenantry";
import { connect, type TenantClient, withTenant } from "tenantry/client";
import * as schema from "tenantry/schema";
import { relations } from "tenantry/schema/generated/relations";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft, failureOf, refusal, signUp } from "./client-fixture.js";
import { startCountingProxy } from "./counting-proxy.js";

const { creators, documents } = schema;

let database: TestDatabase;
let db: TenantClient<typeof relations>;
let ann: string;
let bob: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await connect({ url: database.serviceUrl, relations, max: 3 });
});

afterAll(async () => await db.close());

beforeEach(async () => {
  [ann, bob] = await Promise.all([signUp(db, "Ann"), signUp(db, "Bob")]);
});

describe("a batch", () => {
  it("runs all of its queries in one transaction, and gives their results in order", async () => {
    const mine = db.as(ann);
    const [made, count, found, raw] = await mine.batch([
      mine.insert(documents).values(draft("new")).returning({ title: documents.title }),
      mine.$count(documents),
      mine.query.documents.findMany({ columns: { title: true }, orderBy: { title: "asc" } }),
      mine.execute<{ now: string }>(sql`select transaction_timestamp()::text as now`),
    ]);
    expect(made).toEqual([{ title: "new" }]);
    expect(count).toBe(2);
    expect(found).toEqual([{ title: "Ann's" }, { title: "new" }]);
    expect(raw).toHaveLength(1);
    const now = () => mine.execute<{ now: string }>(sql`select transaction_timestamp()::text as now`);
    const [one, other] = await mine.batch([now(), now()]);
    expect(one).toEqual(other);
    expect(await mine.batch([])).toEqual([]);
  });

  it("fails whole with the error of the query that failed, and the connection goes on", async () => {
    const mine = db.as(ann);
    for (let time = 0; time < 3; time += 1) {
      const failing = mine.batch([
        mine.insert(documents).values(draft("lost")),
        mine.execute(sql`select 1 / ${0}::int`),
        mine.$count(documents),
      ]);
      expect((await failureOf(failing)).cause).toMatchObject({ code: "22012" });
    }
    expect(await mine.$count(documents)).toBe(1);
  });

  it("keeps nothing when one of its queries cannot be written", async () => {
    const one = await connect({ url: database.serviceUrl, max: 1 });
    const mine = one.as(ann);
    const since = (when: unknown) =>
      mine.select().from(documents).where(sql`${documents.createdAt} > ${when}`);
    for (let time = 0; time < 3; time += 1) {
      await mine.batch([mine.insert(documents).values(draft("kept")), since("2020-01-01")]);
      const failing = mine.batch([
        mine.insert(documents).values(draft("lost")),
        since(5),
        mine.insert(documents).values(draft("lost")),
      ]);
      expect((await failureOf(failing)).cause).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
      const nothing = mine
        .select()
        .from(documents)
        .where(eq(documents.title, undefined as unknown as string));
      const undefinedValue = mine.batch([mine.insert(documents).values(draft("lost")), nothing]);
      expect((await failureOf(undefinedValue)).cause).toEqual(refusal("sql-invalid", /undefined/));
    }
    expect(await mine.$count(documents, eq(documents.title, "lost"))).toBe(0);
    expect(await mine.$count(documents, eq(documents.title, "kept"))).toBe(3);
    await one.close();
  });

  it("takes one round trip from its second time on", async () => {
    const proxy = await startCountingProxy(database.serviceUrl);
    const one = await connect({ url: proxy.url, max: 1 });
    const mine = one.as(ann);
    const run = () =>
      mine.batch([
        mine.select().from(documents).where(eq(documents.title, "x")),
        mine.$count(documents),
        mine.insert(documents).values(draft("batched")),
      ]);
    await run();
    expect(await proxy.count(run)).toBe(1);
    await one.close();
    await proxy.close();
  });

  it("refuses another tenant's query, and one inside a transaction", async () => {
    const mine = db.as(ann);
    const mixed = mine.batch([mine.$count(documents), db.as(bob).select().from(documents)]);
    expect((await failureOf(mixed)).cause).toEqual(refusal("isolation", /another database object/));
    await mine.transaction(async () => {
      const inside = mine.batch([mine.select().from(documents)]);
      expect((await failureOf(inside)).cause).toEqual(refusal("isolation", /not as a part of it/));
    });
  });
});

describe("a query prepared for all tenants", () => {
  it("shows each tenant its own rows, and none without a tenant", async () => {
    const byTitle = db.prepare((q) =>
      q
        .select({ title: documents.title })
        .from(documents)
        .where(eq(documents.title, sql.placeholder("title")))
        .prepare("by_title"),
    );
    const titles = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        byTitle.as(at % 2 === 0 ? ann : bob).execute({ title: at % 2 === 0 ? "Ann's" : "Bob's" }),
      ),
    );
    expect(titles.flat().map(({ title }) => title)).toEqual(
      Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? "Ann's" : "Bob's")),
    );
    expect(await byTitle.as(ann).execute({ title: "Bob's" })).toEqual([]);
    let kept: { execute(values?: Record<string, unknown>): Promise<unknown> } | undefined;
    db.prepare((q) => {
      const prepared = q.select().from(documents).prepare("kept");
      kept = prepared;
      return prepared;
    });
    expect((await failureOf(Promise.resolve(kept?.execute({})))).cause ?? kept).toEqual(
      refusal("context-missing", /without one/),
    );
  });
});

describe("withTenant", () => {
  it("gives what it calls the tenant's database, however deep and however late it is awaited", async () => {
    const deep = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return await db.current.select({ title: documents.title }).from(documents);
    };
    const [one, other] = await Promise.all([withTenant(ann, deep), withTenant(bob, deep)]);
    expect([one, other]).toEqual([[{ title: "Ann's" }], [{ title: "Bob's" }]]);
  });

  it("refuses to be left out, to be nested for another tenant, and to be passed by", async () => {
    expect(() => db.current).toThrow(/outside of withTenant/);
    await withTenant(ann, async () => {
      expect(() => withTenant(bob, () => {})).toThrow(/another tenant/);
      expect(() => db.as(bob)).toThrow(/inside withTenant\(\) of another tenant/);
      expect(await db.as(ann).$count(documents)).toBe(1);
      expect(await withTenant(ann, () => db.current.$count(documents))).toBe(1);
    });
    expect(() => withTenant("", () => db.current)).toThrow(/without a tenant id/);
  });
});

describe("who acts", () => {
  it("is told to the server for one transaction alone", async () => {
    const read = (from: Pick<typeof db, "as">, options?: Parameters<typeof db.as>[1]) =>
      from
        .as(ann, options)
        .execute(
          sql`select current_setting('app.actor', true) as actor, current_setting('app.request_id', true) as request`,
        );
    const one = await connect({ url: database.serviceUrl, max: 1 });
    const client = one as unknown as typeof db;
    expect(await read(client, { actor: "o'neil \\ ü", requestId: "r-1" })).toEqual([
      { actor: "o'neil \\ ü", request: "r-1" },
    ]);
    const after = await read(client);
    expect(after[0]).toMatchObject({ actor: "", request: "" });
    for (const actor of ["a\nb", "x".repeat(201), "\0"])
      expect(() => db.as(ann, { actor })).toThrow(/actor is not a text/);
    await one.close();
  });
});

describe("a statement that takes too long", () => {
  it("is cancelled on the server after the tenant's own time", async () => {
    const slow = db.as(ann, { statementTimeout: 50 }).execute(sql`select pg_sleep(60)`);
    expect((await failureOf(slow)).cause).toMatchObject({ code: "statement-timeout" });
    expect(() => db.as(ann, { statementTimeout: -1 })).toThrow(/milliseconds/);
    expect(await db.as(ann).$count(documents)).toBe(1);
  });

  it.each(["statement", "transaction"] as const)(
    "is cancelled on the server when its caller aborts it (%s)",
    async (kind) => {
      const abort = new AbortController();
      const one = await connect({ url: database.serviceUrl, max: 1, applicationName: `aborted ${kind}` });
      const mine = one.as(ann, { signal: abort.signal });
      const work =
        kind === "statement"
          ? mine.execute(sql`select pg_sleep(60)`)
          : mine.transaction(async (tx) => {
              await tx.insert(documents).values(draft("aborted"));
              await tx.execute(sql`select pg_sleep(60)`);
            });
      const running = failureOf(Promise.resolve(work));
      const sleeping = () => database.admin`
        select pid from pg_stat_activity
        where application_name = ${`aborted ${kind}`} and state = 'active' and query like '%pg_sleep%'`;
      await expect.poll(sleeping).toHaveLength(1);
      abort.abort();
      const { error, cause } = await running;
      expect([error.name, (cause as Error | undefined)?.name]).toContain("AbortError");
      await expect.poll(sleeping).toHaveLength(0);
      expect(await one.as(ann).$count(documents)).toBe(1);
      expect((await failureOf(Promise.resolve(mine.select().from(documents)))).cause).toMatchObject({
        name: "AbortError",
      });
      await one.close();
    },
  );

  it("is not waited for by somebody who has given up waiting for a connection", async () => {
    const one = await connect({ url: database.serviceUrl, max: 1, acquireTimeout: 50 });
    const abort = new AbortController();
    const hold = one.as(ann).execute(sql`select pg_sleep(0.5)`);
    const held = hold.then(() => "done");
    const late = one.as(bob).select().from(documents);
    const aborted = one.as(bob, { signal: abort.signal }).select().from(documents);
    const outcomes = [failureOf(Promise.resolve(late)), failureOf(Promise.resolve(aborted))];
    abort.abort();
    expect((await outcomes[1])?.cause).toMatchObject({ name: "AbortError" });
    expect((await outcomes[0])?.cause).toEqual(refusal("connection-failed", /became free/));
    expect(await held).toBe("done");
    await one.close();
  });
});

describe("what a statement was refused for", () => {
  it("is said by constraint and columns, without the value of any row", async () => {
    const email = `${uuidV7()}@example.com`;
    const creator = { email, displayName: "x", passwordHash: "$argon2id$v=19$x" };
    const [one, other] = [uuidV7(), uuidV7()];
    await db.as(one).insert(creators).values(creator);
    const taken = await failureOf(Promise.resolve(db.as(other).insert(creators).values(creator)));
    expect(taken.cause).toMatchObject({
      code: "exclusion-violation",
      refused: { table: "creators", columns: ["email"] },
    });
    const chain = JSON.stringify([taken.cause, (taken.cause as Error).cause, (taken.cause as Error).message]);
    expect(chain).not.toContain(email);
    const checksum = draft("a").checksum;
    await db.as(ann).insert(documents).values({ title: "a", checksum });
    const missing = await failureOf(
      Promise.resolve(
        db
          .as(ann)
          .insert(documents)
          .values({ title: null as unknown as string, checksum: "x" }),
      ),
    );
    expect(missing.cause).toMatchObject({ code: "not-null-violation", refused: { columns: ["title"] } });
    const forbidden = await failureOf(Promise.resolve(db.as(ann).execute(sql`truncate documents`)));
    expect(forbidden.cause).toMatchObject({ code: "permission-denied" });
  });
});
