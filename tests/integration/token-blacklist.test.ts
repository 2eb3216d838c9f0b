import { randomUUID } from "node:crypto";
import { defineRelations } from "drizzle-orm";
import { connect, type TenantClient } from "tenantry/client";
import { tokenBlacklist } from "tenantry/redis";
import { creators, jwtBlacklist, tokenCutoffs } from "tenantry/schema";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { doors } from "../../schema/generated/doors.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { refusal, signUp } from "./client-fixture.js";
import { type RedisServer, startRedisServer } from "./redis-server.js";

const relations = defineRelations({ creators, jwtBlacklist, tokenCutoffs });
const TRUST_MS = 1500;

let database: TestDatabase;
let server: RedisServer;
let db: TenantClient<typeof relations, "uuid", typeof doors>;
let ann: string;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startRedisServer();
  db = await connect({ url: database.serviceUrl, relations, doors, max: 4 });
});

afterAll(async () => await db.close());

beforeEach(async () => {
  ann = await signUp(db as unknown as Pick<TenantClient, "as">, "Ann");
});

/** A service of its own: its own connection to Redis; and how often it has asked the database. */
function open(options: { readonly isWithoutRedis?: boolean; readonly trustFor?: number } = {}) {
  const asked = vi.fn(db.doors.isTokenRevoked);
  const blacklist = tokenBlacklist({
    ...{ db, blacklist: jwtBlacklist, cutoffs: tokenCutoffs, isTokenRevoked: asked },
    ...(options.isWithoutRedis ? {} : { redis: server.connect() }),
    ...{ timeout: 1000, trustFor: options.trustFor ?? TRUST_MS },
  });
  return { ...blacklist, asked };
}

const inAnHour = () => new Date(Date.now() + 3_600_000);
const now = () => Date.now() / 1000;

describe.each([
  ["with Redis", false],
  ["without Redis", true],
])("a blacklist %s", (_, isWithoutRedis) => {
  it("refuses a revoked token, of that creator, at every service, and no other", async () => {
    const [one, other] = [open({ isWithoutRedis }), open({ isWithoutRedis })];
    const bob = await signUp(db as unknown as Pick<TenantClient, "as">, "Bob");
    const [jti, valid] = [randomUUID(), randomUUID()];
    expect(await other.isRevoked(jti, now(), ann)).toBe(false);
    await one.revoke(jti, inAnHour(), ann);
    expect(await other.isRevoked(jti, now(), ann)).toBe(true);
    expect(await other.isRevoked(valid, now(), ann)).toBe(false);
    // Who writes down another's jti revokes nothing of theirs.
    expect(await other.isRevoked(jti, now(), bob)).toBe(false);
    await one.revoke(jti, inAnHour(), ann, "compromised");
  });

  it("refuses all of a creator's tokens up to a moment, and later ones not", async () => {
    const [one, other] = [open({ isWithoutRedis }), open({ isWithoutRedis })];
    const jti = randomUUID();
    expect(await other.isRevoked(jti, now(), ann)).toBe(false);
    const before = now();
    const until = await one.revokeAll(ann, { reason: "password_changed" });
    expect(await other.isRevoked(jti, before, ann)).toBe(true);
    expect(await other.isRevoked(jti, until, ann)).toBe(true);
    expect(await other.isRevoked(jti, new Date(until.getTime() + 1), ann)).toBe(false);
    // An earlier moment takes nothing back.
    await one.revokeAll(ann, { issuedUntil: new Date(until.getTime() - 60_000) });
    expect(await other.isRevoked(jti, before, ann)).toBe(true);
  });

  it("refuses what is no token, and needs no row for one that has expired", async () => {
    const one = open({ isWithoutRedis });
    const problem = refusal("argument-invalid", /is not/);
    await expect(one.isRevoked("", now(), ann)).rejects.toEqual(problem);
    await expect(one.isRevoked("x", Number.NaN, ann)).rejects.toEqual(problem);
    await expect(one.revoke("x".repeat(256), inAnHour(), ann)).rejects.toEqual(problem);
    await one.revoke("gone", new Date(Date.now() - 1), ann);
    expect(await db.as(ann).$count(jwtBlacklist)).toBe(0);
  });
});

describe("Redis as the fast path", () => {
  it("spares the database a token that any service has asked for, and one that is revoked", async () => {
    const [one, other] = [open({ trustFor: 600_000 }), open({ trustFor: 600_000 })];
    const jti = randomUUID();
    expect(await one.isRevoked(jti, now(), ann)).toBe(false);
    expect(await one.isRevoked(jti, now(), ann)).toBe(false);
    expect(await other.isRevoked(jti, now(), ann)).toBe(false);
    expect(one.asked).toHaveBeenCalledTimes(1);
    expect(other.asked).not.toHaveBeenCalled();
    await one.revoke(jti, inAnHour(), ann);
    expect(await other.isRevoked(jti, now(), ann)).toBe(true);
    expect(other.asked).not.toHaveBeenCalled();
  });

  it("does not keep an answer that the database gave before the token was revoked", async () => {
    const one = open({ trustFor: 600_000 });
    const other = open({ trustFor: 600_000 });
    const jti = randomUUID();
    other.asked.mockImplementationOnce(async (creatorId, of) => {
      const answer = await db.doors.isTokenRevoked(creatorId, of);
      // Meanwhile, and the mark is lost again: nothing in Redis says so.
      await one.revoke(jti, inAnHour(), ann);
      await server.flush();
      // Somebody else asks, and gets no answer: what is in Redis again is about another question.
      const third = open({ trustFor: 600_000 });
      third.asked.mockRejectedValueOnce(new Error("no connection"));
      await expect(third.isRevoked(jti, now(), ann)).rejects.toThrow("no connection");
      return answer;
    });
    expect(await other.isRevoked(jti, now(), ann)).toBe(false);
    expect(await other.isRevoked(jti, now(), ann)).toBe(true);
    expect(await one.isRevoked(jti, now(), ann)).toBe(true);
  });

  it("keeps nothing for ever", async () => {
    const one = open();
    await one.revoke(randomUUID(), inAnHour(), ann);
    await one.revokeAll(ann);
    await one.isRevoked(randomUUID(), now() + 5, ann);
    const redis = server.connect();
    const keys = await redis.keys("*");
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
  });
});

describe("a Redis that fails never turns revoked into valid", () => {
  it("flushed", async () => {
    const [one, other] = [open({ trustFor: 600_000 }), open({ trustFor: 600_000 })];
    const jti = randomUUID();
    await one.revoke(jti, inAnHour(), ann);
    await server.flush();
    expect(await other.isRevoked(jti, now(), ann)).toBe(true);
  });

  it("restarted from a snapshot of before, while what it says would still count", async () => {
    const [one, other] = [open({ trustFor: 600_000 }), open({ trustFor: 600_000 })];
    const jti = randomUUID();
    expect(await other.isRevoked(jti, now(), ann)).toBe(false);
    await server.save();
    await one.revoke(jti, inAnHour(), ann);
    await server.kill();
    await server.start();
    for (let time = 0; time < 20; time += 1) expect(await other.isRevoked(jti, now(), ann)).toBe(true);
    // It is asked again, and answers by itself.
    await vi.waitFor(
      async () => {
        other.asked.mockClear();
        expect(await other.isRevoked(jti, now(), ann)).toBe(true);
        expect(other.asked).not.toHaveBeenCalled();
      },
      { timeout: 30_000 },
    );
  });

  it("killed: the table is asked, and what is revoked meanwhile is revoked", async () => {
    const [one, other] = [open(), open()];
    const [before, during] = [randomUUID(), randomUUID()];
    await one.revoke(before, inAnHour(), ann);
    expect(await other.isRevoked(during, now(), ann)).toBe(false);
    await server.kill();
    try {
      expect(await other.isRevoked(before, now(), ann)).toBe(true);
      await one.revoke(during, inAnHour(), ann);
      for (let time = 0; time < 10; time += 1) expect(await other.isRevoked(during, now(), ann)).toBe(true);
    } finally {
      await server.start();
    }
    expect(await other.isRevoked(during, now(), ann)).toBe(true);
  });

  it("paused while a token is revoked, and awake again with what it knew before", async () => {
    const [one, other] = [open(), open()];
    const jti = randomUUID();
    expect(await other.isRevoked(jti, now(), ann)).toBe(false);
    server.pause();
    try {
      // Returns when nobody can take it for valid any more, told or not.
      await one.revoke(jti, inAnHour(), ann);
    } finally {
      server.resume();
    }
    for (let time = 0; time < 20; time += 1) expect(await other.isRevoked(jti, now(), ann)).toBe(true);
  });

  it("and where the database fails as well, nothing is said to be valid", async () => {
    const one = open();
    one.asked.mockRejectedValueOnce(new Error("no connection"));
    await expect(one.isRevoked(randomUUID(), now(), ann)).rejects.toThrow("no connection");
  });
});
