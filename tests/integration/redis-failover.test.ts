import { randomUUID } from "node:crypto";
import { defineRelations } from "drizzle-orm";
import { Cluster, Redis } from "ioredis";
import { uuidV7 } from "tenantry";
import { connect, type TenantClient } from "tenantry/client";
import { tenantCache, tokenBlacklist } from "tenantry/redis";
import { creators, documents, jwtBlacklist, tokenCutoffs } from "tenantry/schema";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { doors } from "../../schema/generated/doors.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft } from "./client-fixture.js";
import { type RedisServer, startRedisServer } from "./redis-server.js";

const relations = defineRelations({ creators, documents, jwtBlacklist, tokenCutoffs });
type Client = TenantClient<typeof relations, "uuid", typeof doors>;

let database: TestDatabase;
const clients: (Redis | Cluster | Client)[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  for (const client of clients) "close" in client ? await client.close() : client.disconnect();
});

const inAnHour = () => new Date(Date.now() + 3_600_000);
const now = () => Date.now() / 1000;

/** A service with its cache and its blacklist in this Redis. */
async function open(redis: Redis | Cluster) {
  clients.push(redis);
  redis.on("error", () => {});
  const cache = tenantCache({ redis, timeout: 500, waitFor: 50 });
  const db: Client = await connect({ url: database.serviceUrl, relations, doors, max: 4, cache });
  clients.push(db);
  const isTokenRevoked = vi.fn(db.doors.isTokenRevoked);
  const tables = { db, blacklist: jwtBlacklist, cutoffs: tokenCutoffs };
  const blacklist = tokenBlacklist({ ...tables, isTokenRevoked, redis, timeout: 500, trustFor: 300 });
  return { db, blacklist, isTokenRevoked };
}

async function signUp(db: Client): Promise<string> {
  const id = uuidV7();
  const row = { id, email: `${id}@example.com`, displayName: "Ann", passwordHash: "$argon2id$v=19$x" };
  await db.as(id).insert(creators).values(row);
  return id;
}

const titles = async (db: Client, tenant: string) =>
  (await db.as(tenant).select({ title: documents.title }).from(documents).$withCache()).map(
    ({ title }) => title,
  );

describe("a service whose Redis is found by sentinels", () => {
  it("neither takes a revoked token for valid nor reads what is old when another Redis takes over", async () => {
    const primary = await startRedisServer();
    const replica = await startRedisServer(["--replicaof", "127.0.0.1", String(primary.port)]);
    const sentinel = await startSentinel(primary);
    const service = await open(
      new Redis({
        sentinels: [{ host: "127.0.0.1", port: sentinel.port }],
        name: "tenants",
        sentinelRetryStrategy: () => 50,
        retryStrategy: () => 20,
        maxRetriesPerRequest: 1,
      }),
    );
    const { db, blacklist, isTokenRevoked } = service;
    const ann = await signUp(db);
    const jti = randomUUID();
    await db.as(ann).insert(documents).values(draft("first"));
    expect(await titles(db, ann)).toEqual(["first"]);
    await blacklist.revoke(jti, inAnHour(), ann);
    expect(await blacklist.isRevoked(jti, now(), ann)).toBe(true);
    isTokenRevoked.mockClear();
    expect(await blacklist.isRevoked(jti, now(), ann)).toBe(true);
    expect(isTokenRevoked).not.toHaveBeenCalled();

    // What it is told from here on may never reach the other.
    replica.pause();
    const lost = randomUUID();
    await blacklist.revoke(lost, inAnHour(), ann);
    await db.as(ann).insert(documents).values(draft("second"));
    expect(await titles(db, ann)).toEqual(["first", "second"]);
    await primary.kill();
    replica.resume();
    for (let look = 0; look < 20; look += 1) {
      expect(await blacklist.isRevoked(jti, now(), ann)).toBe(true);
      expect(await blacklist.isRevoked(lost, now(), ann)).toBe(true);
      expect(await titles(db, ann)).toEqual(["first", "second"]);
    }
    await vi.waitFor(async () => expect(await roleOf(replica)).toBe("master"), {
      timeout: 60_000,
      interval: 50,
    });
    await vi.waitFor(
      async () => {
        isTokenRevoked.mockClear();
        for (const token of [jti, lost]) expect(await blacklist.isRevoked(token, now(), ann)).toBe(true);
        expect(await titles(db, ann)).toEqual(["first", "second"]);
        // Answered by the one that took over.
        expect(isTokenRevoked).not.toHaveBeenCalled();
      },
      { timeout: 60_000, interval: 50 },
    );
  }, 180_000);
});

describe("a service whose Redis is a cluster", () => {
  it("keeps each tenant's entries on one node, and goes on without a node that is gone", async () => {
    const nodes = await startCluster(3);
    const service = await open(
      new Cluster(
        nodes.map(({ port }) => ({ host: "127.0.0.1", port })),
        { clusterRetryStrategy: () => 50, redisOptions: { maxRetriesPerRequest: 1 }, maxRedirections: 3 },
      ),
    );
    const { db, blacklist } = service;
    const tenants: string[] = [];
    // Enough that each node has some.
    for (let number = 0; number < 12; number += 1) tenants.push(await signUp(db));
    const tokens = new Map(tenants.map((tenant) => [tenant, randomUUID()]));
    for (const [tenant, jti] of tokens) {
      await db.as(tenant).insert(documents).values(draft(tenant));
      await blacklist.revoke(jti, inAnHour(), tenant);
    }
    const holds = async () => {
      for (const [tenant, jti] of tokens) {
        expect(await titles(db, tenant)).toEqual([tenant]);
        expect(await blacklist.isRevoked(jti, now(), tenant)).toBe(true);
        expect(await blacklist.isRevoked(randomUUID(), now() + 60, tenant)).toBe(false);
      }
    };
    await holds();
    await holds();
    for (const node of nodes) expect(await sizeOf(node)).toBeGreaterThan(0);
    await nodes[1]?.kill();
    await holds();
    for (const tenant of tenants)
      await db
        .as(tenant)
        .update(documents)
        .set({ title: `${tenant} again` });
    for (const tenant of tenants) expect(await titles(db, tenant)).toEqual([`${tenant} again`]);
  }, 180_000);
});

/** Watches one primary, and lets its replica take over soon after it is gone. */
async function startSentinel(primary: RedisServer): Promise<RedisServer> {
  return await startRedisServer(
    [],
    [
      `sentinel monitor tenants 127.0.0.1 ${primary.port} 1`,
      "sentinel down-after-milliseconds tenants 300",
      "sentinel failover-timeout tenants 2000",
    ],
  );
}

/** So many nodes that share the slots, without replicas. */
async function startCluster(amount: number): Promise<RedisServer[]> {
  const args = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    "1000",
    "--cluster-require-full-coverage",
    "no",
  ];
  const nodes: RedisServer[] = [];
  for (let number = 0; number < amount; number += 1) nodes.push(await startRedisServer(args));
  for (const [index, node] of nodes.entries()) {
    const [from, to] = [index, index + 1].map((each) => Math.floor((each * 16_384) / amount));
    const direct = node.connect();
    await direct.call("cluster", "addslotsrange", String(from), String((to ?? 0) - 1));
    for (const other of nodes) await direct.call("cluster", "meet", "127.0.0.1", String(other.port));
  }
  for (const node of nodes)
    await vi.waitFor(
      async () =>
        expect(await node.connect().call("cluster", "info")).toMatch(/cluster_state:ok[\s\S]*slots_ok:16384/),
      { timeout: 30_000, interval: 100 },
    );
  return nodes;
}

async function roleOf(server: RedisServer): Promise<unknown> {
  const reply = await server.connect().call("role");
  return Array.isArray(reply) ? reply[0] : undefined;
}

const sizeOf = (server: RedisServer) => server.connect().dbsize();
