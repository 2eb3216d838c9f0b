import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer } from "node:net";
import { defineRelations, sql } from "drizzle-orm";
import { uuidV7 } from "tenantry";
import { type ClientOptions, connect } from "tenantry/client";
import { tenantCache } from "tenantry/redis";
import * as schema from "tenantry/schema";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { spellTenant } from "../../src/redis/tokens/spell-tenant.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft, failureOf, refusal } from "./client-fixture.js";

const { creators, documents } = schema;
const relations = defineRelations({ creators, documents });

// Two databases that know nothing of each other: what a query finds says whom it has asked.
let one: TestDatabase;
let other: TestDatabase;
let ann: string;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
});

afterAll(async () => {
  for (const db of opened) await db.close();
});

beforeEach(async () => {
  ann = uuidV7();
  for (const [database, title] of [
    [one, "one"],
    [other, "other"],
  ] as const) {
    const creator = { email: `${ann}@example.com`, displayName: "Ann", passwordHash: "$argon2id$v=19$x" };
    await database.db.as(ann).insert(creators).values(creator);
    await database.db.as(ann).insert(documents).values(draft(title));
  }
});

async function open(options: Partial<ClientOptions<typeof relations>> = {}) {
  const db = await connect({ url: one.serviceUrl, relations, max: 4, onWarning: () => {}, ...options });
  opened.push(db);
  return db;
}

type Asked = Pick<Awaited<ReturnType<typeof open>>, "as">;
const titles = (db: ReturnType<Asked["as"]>) =>
  db.select({ title: documents.title }).from(documents).orderBy(documents.title).$withCache();

describe("a cache that a client uses", () => {
  it("keeps nothing that a transaction has read, while the same query runs outside", async () => {
    const db = await open({ cache: tenantCache(), max: 1 });
    const mine = db.as(ann);
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const rolledBack = mine.transaction(async (tx) => {
      await tx.insert(documents).values(draft("never was"));
      await gate;
      const seen = await tx
        .select({ title: documents.title })
        .from(documents)
        .orderBy(documents.title)
        .$withCache();
      expect(seen).toEqual([{ title: "never was" }, { title: "one" }]);
      throw new Error("rolled back");
    });
    // Looked up, and not yet answered: the transaction has the only connection.
    const outside = titles(mine).execute();
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    goOn();
    await expect(rolledBack).rejects.toThrow("rolled back");
    expect(await outside).toEqual([{ title: "one" }]);
    expect(await titles(mine)).toEqual([{ title: "one" }]);
    expect(await titles(db.as(ann))).toEqual([{ title: "one" }]);
  });

  it("is filled by the primary, and never by a replica that may lag behind", async () => {
    const db = await open({ cache: tenantCache(), replicas: [other.serviceUrl] });
    expect(await db.as(ann).select({ title: documents.title }).from(documents)).toEqual([{ title: "other" }]);
    expect(await titles(db.as(ann))).toEqual([{ title: "one" }]);
    expect(await titles(db.as(ann))).toEqual([{ title: "one" }]);
  });

  it("is not shared by two databases, even of the same tenant and schema", async () => {
    const cache = tenantCache();
    const [first, second] = [await open({ cache }), await open({ cache, url: other.serviceUrl })];
    expect(await titles(first.as(ann))).toEqual([{ title: "one" }]);
    expect(await titles(second.as(ann))).toEqual([{ title: "other" }]);
  });

  it("hears of what a prepared query has changed", async () => {
    const db = await open({ cache: tenantCache() });
    const rename = db.prepare((q) =>
      q
        .update(documents)
        .set({ title: sql`${sql.placeholder("title")}` })
        .prepare("rename_all"),
    );
    expect(await titles(db.as(ann))).toEqual([{ title: "one" }]);
    await rename.as(ann).execute({ title: "renamed" });
    expect(await titles(db.as(ann))).toEqual([{ title: "renamed" }]);
  });
});

/** A way to the database on which the answer to a COMMIT is lost, with the connection, once it is told to. */
async function startForgetfulProxy() {
  const target = one.serviceUrl;
  let forgets = false;
  const server = createServer((client) => {
    const upstream = connectSocket(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => {
      if (!(forgets && data.includes("COMMIT"))) return client.write(data);
      forgets = false;
      client.destroy();
      return upstream.destroy();
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push({ close: async () => void server.close() });
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url,
    forgetNext: () => {
      forgets = true;
    },
  };
}

describe("a change of which nobody knows whether it was committed", () => {
  type Mine = ReturnType<Awaited<ReturnType<typeof open>>["as"]>;
  it.each<[string, (mine: Mine) => Promise<unknown>]>([
    ["a statement", async (mine) => mine.insert(documents).values(draft("two"))],
    [
      "a batch",
      (mine) => mine.batch([mine.select().from(documents), mine.insert(documents).values(draft("two"))]),
    ],
    ["a transaction", (mine) => mine.transaction((tx) => tx.insert(documents).values(draft("two")))],
  ])("makes what was cached before invalid: %s", async (_, change) => {
    const proxy = await startForgetfulProxy();
    const db = await open({ cache: tenantCache(), url: proxy.url });
    expect(await titles(db.as(ann))).toEqual([{ title: "one" }]);
    proxy.forgetNext();
    await failureOf(change(db.as(ann)));
    expect(await titles(db.as(ann))).toEqual([{ title: "one" }, { title: "two" }]);
  });

  it("is none that the server has refused, or that was rolled back", async () => {
    const cache = tenantCache();
    const changes: unknown[] = [];
    const counting = {
      ...cache,
      invalidate: async (...given: Parameters<typeof cache.invalidate>) => {
        changes.push(given);
        await cache.invalidate(...given);
      },
    };
    const mine = (await open({ cache: counting })).as(ann);
    const tooEarly = sql`select 1 / 0`;
    await failureOf(mine.insert(documents).values({ ...draft("two"), creatorId: uuidV7() }));
    await failureOf(mine.batch([mine.insert(documents).values(draft("two")), mine.execute(tooEarly)]));
    await failureOf(
      mine.transaction(async (tx) => {
        await tx.insert(documents).values(draft("two"));
        throw new Error("rolled back");
      }),
    );
    expect(changes).toEqual([]);
  });
});

describe("a client that is closed", () => {
  it("refuses whoever still waits for a connection, and opens none for them", async () => {
    const db = await open({ max: 1 });
    const long = failureOf(db.as(ann).execute(sql`select pg_sleep(60)`));
    const waiting = failureOf(db.as(ann).select().from(documents));
    await new Promise((resolve) => setImmediate(resolve));
    await db.close({ timeoutSeconds: 0 });
    await long;
    const failed = await waiting;
    expect(failed.cause ?? failed).toEqual(refusal("connection-failed", /db\.close/));
  });
});

describe("the spelling of a tenant", () => {
  it("is one for a uuid, and as many as there are for a text", () => {
    expect(spellTenant(ann.toUpperCase())).toBe(ann);
    expect(spellTenant("Ann")).toBe("Ann");
  });
});
