import { sql } from "drizzle-orm";
import { uuidV7 } from "tenantry";
import { type ClientOperation, connect, type TenantClient, withTenant } from "tenantry/client";
import { creators, documents } from "tenantry/schema";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RecentWrites } from "../../src/client/replicas/recent-writes.js";
import { onDatabase } from "../../src/core/database-url.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft, failureOf, refusal } from "./client-fixture.js";
import { startCountingProxy } from "./counting-proxy.js";

// Two databases that know nothing of each other: what a query finds says whom it has asked.
let primary: TestDatabase;
let replica: TestDatabase;
let ann: string;

beforeAll(async () => {
  [primary, replica] = await Promise.all([createTestDatabase(), createTestDatabase()]);
});

beforeEach(async () => {
  ann = uuidV7();
  const creator = {
    id: ann,
    email: `${ann}@example.com`,
    displayName: "Ann",
    passwordHash: "$argon2id$v=19$x",
  };
  for (const [database, title] of [
    [primary, "primary"],
    [replica, "replica"],
  ] as const) {
    const db = await connect({ url: database.serviceUrl, max: 1 });
    await db.as(ann).insert(creators).values(creator);
    await db.as(ann).insert(documents).values(draft(title));
    await db.close();
  }
});

const open = async (options: Partial<Parameters<typeof connect>[0]> = {}) => {
  const warnings: string[] = [];
  const operations: ClientOperation[] = [];
  const db = await connect({
    url: primary.serviceUrl,
    replicas: [replica.serviceUrl],
    max: 2,
    onWarning: (message) => void (message.includes("CVE") || warnings.push(message)),
    onOperation: (operation) => operations.push(operation),
    ...options,
  });
  return { db, warnings, operations };
};

/** Who answers a plain read. */
const ask = async (db: Pick<TenantClient, "as">, tenant = ann) => {
  const [row] = await db
    .as(tenant)
    .select({ title: documents.title })
    .from(documents)
    .where(sql`${documents.title} in ('primary', 'replica')`);
  return row?.title;
};

describe("a replica", () => {
  it("is asked for single reads and for batches of them, and nothing else", async () => {
    const { db, operations } = await open();
    const mine = db.as(ann);
    expect(await ask(db)).toBe("replica");
    const [count, rows] = await mine.batch([mine.$count(documents), mine.select().from(documents)]);
    expect([count, rows[0]?.title]).toEqual([1, "replica"]);
    expect(await db.as(ann, { fresh: true }).select().from(documents)).toMatchObject([{ title: "primary" }]);
    expect(await mine.select().from(documents).for("update")).toMatchObject([{ title: "primary" }]);
    expect(operations.map(({ server }) => server)).toEqual(["replica", "replica", "primary", "primary"]);
    await db.close();
  });

  it("leaves transactions to the primary, and after them what the same tenant reads", async () => {
    const { db } = await open();
    const inside = await db
      .as(ann)
      .transaction((tx) => tx.select({ title: documents.title }).from(documents));
    expect(inside).toEqual([{ title: "primary" }]);
    expect(await ask(db)).toBe("primary");
    expect(await db.as(uuidV7()).$count(documents)).toBe(0);
    await db.close();
  });

  it("is not asked by a tenant that has just written, but by the others", async () => {
    const bob = ann;
    const { db, operations } = await open();
    await db.as(bob).insert(documents).values(draft("new"));
    expect(await ask(db, bob)).toBe("primary");
    await db.as(uuidV7()).$count(documents);
    expect(operations.at(-1)?.server).toBe("replica");
    await db.close();
  });

  it("is not asked again in the same withTenant after a write, however long ago", async () => {
    const { db } = await open({ readYourWrites: 0 });
    await withTenant(ann, async () => {
      expect(await ask(db)).toBe("replica");
      await withTenant(ann, () => db.current.insert(documents).values(draft("new")));
      expect(await ask(db)).toBe("primary");
    });
    await expect.poll(() => ask(db)).toBe("replica");
    await db.close();
  });

  it("never writes, even where it could: a SELECT that does is run on the primary", async () => {
    const make = `create function add_document() returns void language sql as
      $$ insert into documents (title, checksum) values ('by function', md5(random()::text) || md5(random()::text)) $$`;
    for (const { admin } of [primary, replica]) await admin.unsafe(make);
    const { db } = await open();
    await db.as(ann).execute(sql`select add_document()`);
    const countOn = async ({ admin }: TestDatabase) =>
      (await admin`select from documents where title = 'by function' and creator_id = ${ann}`).length;
    expect([await countOn(primary), await countOn(replica)]).toEqual([1, 0]);
    // And it counts as a write.
    expect(await ask(db)).toBe("primary");
    await db.close();
    for (const { admin } of [primary, replica]) await admin.unsafe("drop function add_document");
  });

  it("says what a statement is refused for, as the primary would", async () => {
    const { db } = await open();
    const divided = await failureOf(db.as(ann).execute(sql`select 1 / ${0}::int`).then());
    expect(divided.cause).toMatchObject({ code: "22012" });
    await db.close();
  });

  it("leaves to the primary what a migration has made that it does not have yet", async () => {
    await primary.admin.unsafe("create table newer (n int); grant select on newer to app_tenant");
    const { db, operations } = await open();
    expect(await db.as(ann).execute(sql`select * from newer`)).toHaveLength(0);
    expect(operations.at(-1)).toMatchObject({ server: "primary", outcome: "done" });
    await db.close();
    await primary.admin.unsafe("drop table newer");
  });
});

describe("a replica that is down", () => {
  it("is passed over, from the start or later, and said once", async () => {
    const proxy = await startCountingProxy(replica.serviceUrl);
    const nowhere = new URL(replica.serviceUrl);
    nowhere.port = "1";
    const { db, warnings } = await open({ replicas: [nowhere, proxy.url] });
    expect(warnings).toEqual([expect.stringMatching(/passed over: No connection to the server at .*:1 /)]);
    expect([await ask(db), await ask(db)]).toEqual(["replica", "replica"]);
    await proxy.close();
    expect([await ask(db), await ask(db), await ask(db)]).toEqual(["primary", "primary", "primary"]);
    expect(warnings).toHaveLength(2);
    await db.close();
  });

  it("is refused like the primary where its login is not bound", async () => {
    const options = { url: primary.serviceUrl, replicas: [replica.adminUrl] };
    expect((await failureOf(connect(options))).error).toEqual(refusal("role-insufficient", /superuser/));
    const wrong = onDatabase(replica.serviceUrl, replica.name, { user: "nobody", password: "secret-word" });
    const { db, warnings } = await open({ replicas: [wrong] });
    expect(warnings.join()).toMatch(/rejected the login nobody/);
    expect(warnings.join()).not.toContain("secret-word");
    expect(await ask(db)).toBe("primary");
    await db.close();
  });

  it("rests while others take turns", async () => {
    const proxies = await Promise.all([1, 2].map(() => startCountingProxy(replica.serviceUrl)));
    const { db } = await open({ replicas: proxies.map(({ url }) => url) });
    const counts = proxies.map((proxy) => proxy.count(() => new Promise((resolve) => setImmediate(resolve))));
    await Promise.all(counts);
    for (let time = 0; time < 4; time += 1) expect(await ask(db)).toBe("replica");
    await proxies[0]?.close();
    for (let time = 0; time < 4; time += 1) expect(await ask(db)).toBe("replica");
    await db.close();
    await proxies[1]?.close();
  });
});

describe("recent writes", () => {
  it("are remembered for the window after a tenant's last, and no longer", () => {
    let now = 0;
    const writes = new RecentWrites(100, () => now);
    writes.note("ann");
    now = 60;
    writes.note("bob");
    writes.note("ann");
    now = 160;
    expect([writes.has("ann"), writes.has("bob"), writes.has("cat")]).toEqual([true, true, false]);
    now = 161;
    expect([writes.has("ann"), writes.has("bob")]).toEqual([false, false]);
    writes.note("cat");
  });
});
