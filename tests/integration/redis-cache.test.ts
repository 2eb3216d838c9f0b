import { defineRelations, eq } from "drizzle-orm";
import { Cluster, type Redis } from "ioredis";
import type { TenantClient } from "tenantry/client";
import { connect } from "tenantry/client";
import { type RedisConnection, type TenantCacheOptions, tenantCache } from "tenantry/redis";
import * as schema from "tenantry/schema";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft, failureOf, signUp } from "./client-fixture.js";
import { type RedisServer, startRedisServer } from "./redis-server.js";

const { auditLogs, creators, documents, widgetConfigurations } = schema;
const relations = defineRelations({ auditLogs, creators, documents, widgetConfigurations });

let database: TestDatabase;
let server: RedisServer;
let admin: Redis;
let ann: string;
let bob: string;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startRedisServer();
  admin = server.connect();
});

afterAll(async () => {
  for (const one of opened) await one.close();
});

/** A client with a cache, and the statements that it has sent to the database. */
async function open(options: TenantCacheOptions, on: object = relations) {
  const sent: string[] = [];
  const db = (await connect({
    url: database.serviceUrl,
    relations: on as typeof relations,
    max: 4,
    cache: tenantCache({ timeout: 2000, ...options }),
  })) as TenantClient<typeof relations>;
  opened.push(db);
  // What was really sent, not what Drizzle was asked: PostgreSQL counts the reads of a table.
  const titles = async (tenant: string) => {
    const rows = await db.as(tenant).select({ title: documents.title }).from(documents).$withCache();
    return rows.map(({ title }) => title).sort();
  };
  return { db, titles, sent };
}

/** Changes a row past the client: whoever sees the change has asked the database. */
async function renameBehind(tenant: string, title: string): Promise<void> {
  await database.admin`update documents set title = ${title} where creator_id = ${tenant}`;
}

/** Reads until the cache keeps titles again, whenever that is; returns all that was read meanwhile. */
async function readUntilKept(titles: () => Promise<string[]>, tenant: string): Promise<string[]> {
  const read: string[] = [];
  await vi.waitFor(async () => {
    const first = await titles();
    await renameBehind(tenant, `behind ${read.length}`);
    const second = await titles();
    read.push(...first, ...second);
    // Only a cache that works says what the table does not.
    expect(second).toEqual(first);
  }, 30_000);
  return read;
}

const stores: [string, () => TenantCacheOptions][] = [
  ["in Redis", () => ({ redis: server.connect() })],
  ["in memory", () => ({})],
];

describe.each(stores)("a cache %s", (_, options) => {
  let db: TenantClient<typeof relations>;
  let titles: (tenant: string) => Promise<string[]>;

  beforeEach(async () => {
    await server.flush();
    ({ db, titles } = await open(options()));
    [ann, bob] = await Promise.all([signUp(db, "Ann"), signUp(db, "Bob")]);
  });

  it("answers the same query again without the database, for each tenant with its own rows", async () => {
    expect(await titles(ann)).toEqual(["Ann's"]);
    expect(await titles(bob)).toEqual(["Bob's"]);
    await renameBehind(ann, "unseen");
    await renameBehind(bob, "unseen");
    expect(await titles(ann)).toEqual(["Ann's"]);
    expect(await titles(bob)).toEqual(["Bob's"]);
  });

  it("keeps dates, json, arrays, nulls and relations as they were", async () => {
    const deletedAt = new Date(5e11);
    const values = { ...draft("typed"), tags: ["a", 'b"c'], metadata: { $: [1, null] }, deletedAt };
    await db.as(ann).insert(documents).values(values);
    const read = () => db.as(ann).select().from(documents).where(eq(documents.title, "typed")).$withCache();
    const first = await read();
    await renameBehind(ann, "unseen");
    expect(await read()).toEqual(first);
    expect(first[0]).toMatchObject({ tags: values.tags, metadata: values.metadata, deletedAt, source: null });
  });

  it("forgets what a committed statement or transaction has changed, of that tenant and that table alone", async () => {
    const widgets = (of: string) => db.as(of).select().from(widgetConfigurations).$withCache();
    await Promise.all([titles(ann), titles(bob), widgets(ann)]);
    await db.as(ann).insert(documents).values(draft("second"));
    expect(await titles(ann)).toEqual(["Ann's", "second"]);
    await database.admin`insert into widget_configurations (creator_id, name) values (${ann}, 'behind')`;
    await renameBehind(bob, "unseen");
    await db.as(ann).transaction(async (tx) => {
      await tx.update(documents).set({ title: "third" }).where(eq(documents.title, "second"));
      // Inside, the transaction sees its own rows; outside, nobody does.
      expect(await tx.$count(documents, eq(documents.title, "third"))).toBe(1);
    });
    expect(await titles(ann)).toEqual(["Ann's", "third"]);
    expect(await widgets(ann)).toEqual([]);
    expect(await titles(bob)).toEqual(["Bob's"]);
  });

  it("forgets nothing when the transaction is rolled back", async () => {
    await titles(ann);
    await renameBehind(ann, "unseen");
    const failing = db.as(ann).transaction(async (tx) => {
      await tx.delete(documents);
      throw new Error("no");
    });
    expect((await failureOf(failing)).error.message).toBe("no");
    expect(await titles(ann)).toEqual(["Ann's"]);
  });

  it("does not keep what was read before a change and arrives after it", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const cache = tenantCache({ timeout: 2000, ...options() });
    const scope = { tenant: ann, schemaDigest: "d" };
    const query = { key: "q", tables: ["documents"], isTag: false, autoInvalidate: true, mayWait: true };
    const slow = cache.lookUp(scope, query).then(async (found) => {
      await held;
      if (!found.hit) await found.fill([{ title: "old" }]);
    });
    await vi.waitFor(async () =>
      expect((await cache.lookUp(scope, { ...query, mayWait: false })).hit).toBe(false),
    );
    await cache.invalidate(scope, { tables: ["documents"], tags: [] });
    release();
    await slow;
    expect((await cache.lookUp(scope, query)).hit).toBe(false);
  });

  it("lets the query of many callers run once", async () => {
    await database.admin`select pg_stat_reset()`;
    const cache = tenantCache({ timeout: 2000, waitFor: 20_000, ...options() });
    const scope = { tenant: ann, schemaDigest: "d" };
    const query = { key: "q", tables: ["documents"], isTag: false, autoInvalidate: true, mayWait: true };
    let runs = 0;
    const read = async () => {
      const found = await cache.lookUp(scope, query);
      if (found.hit) return found.rows;
      runs += 1;
      await found.fill([{ n: 1 }]);
      return [{ n: 1 }];
    };
    const all = await Promise.all(Array.from({ length: 50 }, read));
    expect(all).toEqual(Array.from({ length: 50 }, () => [{ n: 1 }]));
    expect(runs).toBe(1);
  });

  it("runs a batch that asks the same twice", async () => {
    const mine = db.as(ann);
    const query = () => mine.select({ title: documents.title }).from(documents).$withCache();
    expect(await mine.batch([query(), query()])).toEqual([[{ title: "Ann's" }], [{ title: "Ann's" }]]);
  });

  it("forgets what a cascade and the audit trigger have changed", async () => {
    const logged = () => db.as(ann).select({ id: auditLogs.id }).from(auditLogs).$withCache();
    const before = (await logged()).length;
    await db.as(ann).update(documents).set({ title: "audited" });
    expect((await logged()).length).toBe(before + 1);
  });

  it("is invalidated by tag, for its tenant alone", async () => {
    const tagged = (of: string) =>
      db
        .as(of)
        .select({ title: documents.title })
        .from(documents)
        .$withCache({ tag: "list", autoInvalidate: false });
    await Promise.all([tagged(ann), tagged(bob)]);
    await db.as(ann).update(documents).set({ title: "new" });
    await db.as(bob).update(documents).set({ title: "new" });
    expect(await tagged(ann)).toEqual([{ title: "Ann's" }]);
    await db.as(ann).$cache?.invalidate({ tags: "list" });
    expect(await tagged(ann)).toEqual([{ title: "new" }]);
    expect(await tagged(bob)).toEqual([{ title: "Bob's" }]);
  });

  it("keeps neither what is too large nor what it cannot write down", async () => {
    const cache = tenantCache({ timeout: 2000, maxEntryBytes: 100, ...options() });
    const scope = { tenant: ann, schemaDigest: "d" };
    for (const [key, rows] of Object.entries({ large: ["x".repeat(200)], odd: [new Map()] })) {
      const query = { key, tables: ["documents"], isTag: false, autoInvalidate: true, mayWait: true };
      for (let time = 0; time < 2; time += 1) {
        const found = await cache.lookUp(scope, query);
        expect(found.hit).toBe(false);
        if (!found.hit) await found.fill(rows);
      }
    }
  });

  it("drops a tenant's own entries, and no other's, when that tenant has too many", async () => {
    const cache = tenantCache({ timeout: 2000, maxTenantBytes: 10_000, ...options() });
    const query = (key: string) => ({
      key,
      tables: ["d"],
      isTag: false,
      autoInvalidate: true,
      mayWait: true,
    });
    const put = async (tenant: string, key: string) => {
      const found = await cache.lookUp({ tenant, schemaDigest: "d" }, query(key));
      if (!found.hit) await found.fill(["x".repeat(900)]);
    };
    await put(bob, "only");
    for (let n = 0; n < 40; n += 1) await put(ann, `q${n}`);
    expect((await cache.lookUp({ tenant: bob, schemaDigest: "d" }, query("only"))).hit).toBe(true);
    let kept = 0;
    for (let n = 0; n < 40; n += 1) {
      const found = await cache.lookUp({ tenant: ann, schemaDigest: "d" }, query(`q${n}`));
      if (found.hit) kept += 1;
    }
    expect(kept).toBeLessThanOrEqual(11);
  });

  it("finds nothing of another version of the schema", async () => {
    const shared = options();
    const one = await open(shared);
    expect(await one.titles(ann)).toEqual(["Ann's"]);
    await renameBehind(ann, "unseen");
    expect(await one.titles(ann)).toEqual(["Ann's"]);
    const next = await open(shared, defineRelations({ documents, creators }));
    expect(await next.titles(ann)).toEqual(["unseen"]);
  });
});

describe("Redis shared by two processes", () => {
  it("shares rows and changes between them, and lets one of them run the query", async () => {
    const one = await open({ redis: server.connect() });
    const other = await open({ redis: server.connect(), waitFor: 20_000 });
    [ann] = [await signUp(one.db, "Ann")];
    await one.titles(ann);
    await renameBehind(ann, "unseen");
    expect(await other.titles(ann)).toEqual(["Ann's"]);
    await other.db.as(ann).update(documents).set({ title: "changed" });
    expect(await one.titles(ann)).toEqual(["changed"]);
  });

  it("has keys that name no tenant, none without an end, and needs neither KEYS nor SCAN", async () => {
    const keys = await admin.keys("*");
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatch(/^tenantry:cache:\{[\w-]{43}\}$/);
      expect(await admin.pttl(key)).toBeGreaterThan(0);
    }
    const stats = await admin.info("commandstats");
    await admin.config("RESETSTAT");
    const { titles } = await open({ redis: server.connect() });
    await titles(ann);
    const used = await admin.info("commandstats");
    expect(stats).toContain("cmdstat_hset");
    expect(used).not.toMatch(/cmdstat_(keys|scan|hscan|flush)/);
  });
});

describe("a Redis that fails", () => {
  it("is paused: the database is asked, soon without waiting, and what was changed meanwhile is not read back", async () => {
    const one = await open({ redis: server.connect(), timeout: 200 });
    [ann] = [await signUp(one.db, "Ann")];
    expect(await one.titles(ann)).toEqual(["Ann's"]);
    server.pause();
    try {
      await one.db.as(ann).update(documents).set({ title: "during" });
      for (let time = 0; time < 20; time += 1) expect(await one.titles(ann)).toEqual(["during"]);
    } finally {
      server.resume();
    }
    // Awake, it still has the old rows: they must not be seen, at no time.
    expect(await readUntilKept(() => one.titles(ann), ann)).not.toContain("Ann's");
  });

  it("is killed and comes back from an old snapshot: nothing in it counts", async () => {
    const one = await open({ redis: server.connect() });
    [ann] = [await signUp(one.db, "Ann")];
    expect(await one.titles(ann)).toEqual(["Ann's"]);
    await server.save();
    await one.db.as(ann).update(documents).set({ title: "changed" });
    await server.kill();
    expect(await one.titles(ann)).toEqual(["changed"]);
    await server.start();
    expect(await admin.keys("*")).not.toEqual([]);
    expect(await readUntilKept(() => one.titles(ann), ann)).not.toContain("Ann's");
  });

  it("is cut off while a change is committed, and keeps the old rows: they are not read back", async () => {
    const redis = server.connect();
    let isCut = false;
    const connection: RedisConnection = {
      call: async (command, args) => {
        if (isCut) throw new Error("the network is cut");
        return await redis.call(command, args);
      },
      on: (event, listener) => redis.on(event, listener),
    };
    const one = await open({ redis: connection });
    [ann] = [await signUp(one.db, "Ann")];
    expect(await one.titles(ann)).toEqual(["Ann's"]);
    isCut = true;
    await one.db.as(ann).update(documents).set({ title: "during" });
    expect(await one.titles(ann)).toEqual(["during"]);
    isCut = false;
    expect(await one.titles(ann)).toEqual(["during"]);
    const other = await open({ redis: server.connect() });
    await vi.waitFor(async () => expect(await other.titles(ann)).toEqual(["during"]), 30_000);
  });

  it("is flushed: the database is asked", async () => {
    const one = await open({ redis: server.connect() });
    [ann] = [await signUp(one.db, "Ann")];
    await one.titles(ann);
    await renameBehind(ann, "new");
    await server.flush();
    expect(await one.titles(ann)).toEqual(["new"]);
  });
});

describe("a cluster", () => {
  it("keeps all of a tenant at one place", async () => {
    const node = await startRedisServer(["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
    const setUp = node.connect();
    await setUp.cluster("ADDSLOTSRANGE", 0, 16_383);
    await vi.waitFor(async () => expect(await setUp.cluster("INFO")).toContain("cluster_state:ok"), 30_000);
    const cluster = new Cluster([{ port: node.port, host: "127.0.0.1" }]);
    opened.push({ close: async () => cluster.disconnect() });
    const one = await open({ redis: cluster });
    [ann, bob] = [await signUp(one.db, "Ann"), await signUp(one.db, "Bob")];
    expect(await one.titles(ann)).toEqual(["Ann's"]);
    await renameBehind(ann, "unseen");
    expect(await one.titles(ann)).toEqual(["Ann's"]);
    await one.db.as(ann).update(documents).set({ title: "new" });
    expect(await one.titles(ann)).toEqual(["new"]);
    expect(await one.titles(bob)).toEqual(["Bob's"]);
  });
});
