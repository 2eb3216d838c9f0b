import { eq, sql } from "drizzle-orm";
import { uuidV7 } from "tenantry";
import { connect, type TenantClient } from "tenantry/client";
import { documents } from "tenantry/schema";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft, failureOf, refusal, signUp } from "./client-fixture.js";
import { type CountingProxy, startCountingProxy } from "./counting-proxy.js";

let database: TestDatabase;
let db: TenantClient;
let ann: string;
let bob: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await connect({ url: database.serviceUrl, max: 2 });
});

afterAll(async () => await db.close());

beforeEach(async () => {
  [ann, bob] = await Promise.all([signUp(db, "Ann"), signUp(db, "Bob")]);
});

describe("a statement", () => {
  it("is sent again when a migration has changed what it returns", async () => {
    const one = await connect({ url: database.serviceUrl, max: 1 });
    const read = () => one.as(ann).execute(sql`select * from notes where body <> ${"x"}`);
    await database.admin.unsafe(`
      create table notes (creator_id uuid, body text);
      grant select on notes to app_tenant; alter table notes enable row level security;
      create policy p on notes to app_tenant using (creator_id = current_setting('app.creator_id')::uuid);`);
    await database.admin`insert into notes values (${ann}, 'mine'), (${bob}, 'his')`;
    expect(await read()).toHaveLength(1);
    await database.admin.unsafe("alter table notes add column extra int default 7");
    expect(await read()).toEqual([{ creator_id: ann, body: "mine", extra: 7 }]);
    await one.close();
  });

  it("that cannot be written does not disturb the next ones", async () => {
    const one = await connect({ url: database.serviceUrl, max: 1 });
    const since = (when: unknown) =>
      one.as(ann).select().from(documents).where(sql`${documents.createdAt} > ${when}`);
    const titled = (title: unknown) =>
      one
        .as(ann)
        .select()
        .from(documents)
        .where(eq(documents.title, title as string));
    expect(await since("2020-01-01")).toHaveLength(1);
    // Prepared by now: postgres.js learns only while it writes that a number is no timestamp.
    for (let time = 0; time < 3; time += 1) {
      expect((await failureOf(since(5))).cause).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
      expect((await failureOf(titled(undefined))).cause).toEqual(
        refusal("sql-invalid", /\$1 of a statement is undefined/),
      );
      expect(await since("2020-01-01")).toHaveLength(1);
    }
    await one.close();
  });

  it("works again after its connection was cut", async () => {
    const one = await connect({ url: database.serviceUrl, max: 1, applicationName: "to be cut" });
    const slow = failureOf(one.as(ann).execute(sql`select pg_sleep(30)`));
    await expect
      .poll(
        () => database.admin`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'to be cut' and query like '%pg_sleep%' and state = 'active'`,
      )
      .toHaveLength(1);
    expect((await slow).cause).toMatchObject({ code: "CONNECTION_CLOSED" });
    for (let time = 0; time < 3; time += 1) expect(await one.as(ann).$count(documents)).toBe(1);
    await one.close();
  });
});

describe("a connection that is cut while nobody uses it", () => {
  it("is not lent out again", async () => {
    const one = await connect({ url: database.serviceUrl, max: 1, applicationName: "idle" });
    for (let time = 0; time < 3; time += 1) {
      expect(await one.as(ann).$count(documents)).toBe(1);
      await database.admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'idle'`;
      // Until this process has heard of it.
      await expect
        .poll(() =>
          one
            .as(ann)
            .$count(documents)
            .then(String, () => "lost"),
        )
        .toBe("1");
    }
    await one.close();
  });
});

describe("a small pool", () => {
  it("keeps tenants apart whatever fails, breaks or waits beside them", async () => {
    const pool = await connect({ url: database.serviceUrl, max: 3, applicationName: "a small pool" });
    const ids = await Promise.all([signUp(db, "Cat"), signUp(db, "Dan"), signUp(db, "Eve")]);
    const titles = async (id: string) => {
      const rows = await pool.as(id).select().from(documents);
      return rows.every(({ creatorId }) => creatorId === id) && rows.length === 1;
    };
    const operations = [
      titles,
      (id: string) => pool.as(id).transaction(async (tx) => (await tx.$count(documents)) === 1),
      (id: string) => failureOf(pool.as(id).execute(sql`select 1 / ${0}::int`)).then(() => true),
      (id: string) =>
        failureOf(pool.as(id).transaction(async (tx) => tx.execute(sql`select * from nowhere`))).then(
          () => true,
        ),
      (id: string) =>
        failureOf(pool.as(id).select().from(documents).where(sql`${documents.createdAt} > ${7}`)).then(
          () => true,
        ),
      (id: string) =>
        failureOf(pool.as(id).execute(sql`select pg_terminate_backend(pg_backend_pid())`)).then(() => true),
    ];
    const outcomes = await Promise.all(
      Array.from({ length: 400 }, async (_, at) => {
        const id = ids[at % 3] ?? "";
        // Mostly reads; each of the others in between.
        const operation = at % 4 === 0 ? operations[(at / 4) % operations.length] : titles;
        return await operation?.(id);
      }),
    );
    expect(outcomes.filter((outcome) => outcome !== true)).toEqual([]);
    const [open] = await database.admin`
      select count(*)::int as connections, count(*) filter (where state <> 'idle')::int as busy
      from pg_stat_activity where application_name = 'a small pool'`;
    expect(open?.connections).toBeLessThanOrEqual(3);
    expect(open?.busy).toBe(0);
    await pool.close();
  });

  it("waits at close for what is under way, and lends out nothing after it", async () => {
    const pool = await connect({ url: database.serviceUrl, max: 1, applicationName: "closing" });
    const slow = pool
      .as(ann)
      .execute(sql`select pg_sleep(0.5), 'done' as state`)
      .then((rows) => rows);
    const underWay = () => database.admin`
      select from pg_stat_activity where application_name = 'closing' and query like '%pg_sleep%'`;
    await expect.poll(underWay).toHaveLength(1);
    const closed = pool.close();
    expect((await failureOf(pool.as(ann).$count(documents).then())).cause).toEqual(
      refusal("connection-failed", /after db.close/),
    );
    expect(await slow).toMatchObject([{ state: "done" }]);
    await closed;
  });
});

describe("round trips", () => {
  let proxy: CountingProxy;
  let far: TenantClient;

  beforeAll(async () => {
    proxy = await startCountingProxy(database.serviceUrl);
    far = await connect({ url: proxy.url, max: 1 });
    await far.as(uuidV7()).execute(sql`select 'the connection is open'`);
  });

  afterAll(async () => {
    await far.close();
    await proxy.close();
  });

  it("takes one for a statement, three where a connection sees its parameters for the first time", async () => {
    const all = () => far.as(ann).select().from(documents);
    const one = () => far.as(ann).select().from(documents).where(eq(documents.title, "Ann's"));
    const add = () => far.as(bob).insert(documents).values(draft("x")).returning();
    expect(await proxy.count(all)).toBe(1);
    expect([await proxy.count(one), await proxy.count(one), await proxy.count(one)]).toEqual([3, 1, 1]);
    expect([await proxy.count(add), await proxy.count(add)]).toEqual([3, 1]);
  });

  it("shares prepared statements between tenants", async () => {
    const titled = (id: string) =>
      far.as(id).select({ id: documents.id }).from(documents).where(eq(documents.title, "t"));
    expect([await proxy.count(() => titled(ann)), await proxy.count(() => titled(bob))]).toEqual([3, 1]);
  });

  it("takes two for a transaction of one statement: BEGIN and the context go with it", async () => {
    const transaction = () => far.as(ann).transaction((tx) => tx.select().from(documents));
    await transaction();
    expect(await proxy.count(transaction)).toBe(2);
  });
});
