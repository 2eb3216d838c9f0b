import { createHash, randomBytes } from "node:crypto";
import { defineRelations, eq } from "drizzle-orm";
import { connect, type TenantClient } from "tenantry/client";
import { type RefreshTokens, refreshTokens } from "tenantry/redis";
import * as schema from "tenantry/schema";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { doors } from "../../schema/generated/doors.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { signUp } from "./client-fixture.js";

const { creators } = schema;
const table = schema.refreshTokens;
const relations = defineRelations({ creators, refreshTokens: table });

let database: TestDatabase;
let db: TenantClient<typeof relations, "uuid", typeof doors>;
let tokens: RefreshTokens;
let ann: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await connect({ url: database.serviceUrl, relations, doors, max: 6 });
  tokens = refreshTokens({ db, table, find: db.doors.findRefreshTokenByHash });
});

afterAll(async () => await db.close());

beforeEach(async () => {
  ann = await signUp(db as unknown as Pick<TenantClient, "as">, "Ann");
});

async function rotated(token: string) {
  const next = await tokens.rotate(token);
  if (next.outcome !== "rotated") throw new Error(`refused: ${next.reason}`);
  return next;
}

it("stores no token, only its hash", async () => {
  const { token, familyId, expiresAt } = await tokens.issue(ann, {
    userAgent: "Mozilla\0/5.0",
    ip: "203.0.113.7",
  });
  expect(token).toMatch(/^[\w-]{43}$/);
  const [row] = await db.as(ann).select().from(table);
  const tokenHash = createHash("sha256").update(token).digest("hex");
  expect(row).toMatchObject({
    tokenHash,
    familyId,
    userAgent: "Mozilla/5.0",
    ip: "203.0.113.7",
    revokedAt: null,
  });
  expect(Math.abs((row?.expiresAt.getTime() ?? 0) - expiresAt.getTime())).toBeLessThan(2);
  expect(JSON.stringify(await database.admin`select * from audit_logs`)).not.toContain(tokenHash);
  expect(JSON.stringify(row)).not.toContain(token);
});

it("is good for one use, which gives the next of its family", async () => {
  const first = await tokens.issue(ann);
  const second = await rotated(first.token);
  expect(second).toMatchObject({ creatorId: ann, familyId: first.familyId });
  expect(second.token).not.toBe(first.token);
  await rotated(second.token);
  const rows = await db.as(ann).select().from(table);
  const old = rows.find(
    ({ tokenHash }) => tokenHash === createHash("sha256").update(first.token).digest("hex"),
  );
  expect(rows.map(({ id }) => id)).toContain(old?.replacedBy);
});

it("ends the family, and no other, when a token is used again", async () => {
  const [stolen, apart] = [await tokens.issue(ann), await tokens.issue(ann)];
  const second = await rotated(stolen.token);
  const third = await rotated(second.token);
  expect(await tokens.rotate(stolen.token)).toEqual({ outcome: "refused", reason: "reused", creatorId: ann });
  expect(await tokens.rotate(third.token)).toEqual({ outcome: "refused", reason: "revoked", creatorId: ann });
  await rotated(apart.token);
});

it("has one winner when the same token is used by many at once, and the winner's token is good", async () => {
  for (let round = 0; round < 10; round += 1) {
    const { token } = await tokens.issue(ann);
    const all = await Promise.all(Array.from({ length: 8 }, () => tokens.rotate(token)));
    const won = all.filter(({ outcome }) => outcome === "rotated");
    expect(won).toHaveLength(1);
    const reused = all.some((one) => one.outcome === "refused" && one.reason === "reused");
    const [winner] = won;
    // One that asked after the winner was done is a reuse, and ends the family.
    if (winner?.outcome === "rotated")
      expect((await tokens.rotate(winner.token)).outcome).toBe(reused ? "refused" : "rotated");
    const live = await db
      .as(ann)
      .select()
      .from(table)
      .where(eq(table.familyId, winner?.outcome === "rotated" ? winner.familyId : ""));
    expect(live.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(reused ? 0 : 1);
  }
});

it("leaves no living token when a family ends while its newest is being rotated", async () => {
  for (let round = 0; round < 20; round += 1) {
    const first = await tokens.issue(ann);
    const second = await rotated(first.token);
    await Promise.all([
      tokens.rotate(second.token),
      round % 3 === 0
        ? tokens.rotate(first.token)
        : round % 3 === 1
          ? tokens.revoke(first.token)
          : tokens.revokeAll(ann),
    ]);
    const rows = await db.as(ann).select().from(table).where(eq(table.familyId, first.familyId));
    expect(rows.filter(({ revokedAt }) => revokedAt === null)).toEqual([]);
  }
});

it("refuses what is unknown, malformed, expired or signed out", async () => {
  const unknown = { outcome: "refused", reason: "unknown", creatorId: undefined };
  expect(await tokens.rotate(randomBytes(32).toString("base64url"))).toEqual(unknown);
  for (const text of ["", "x", "' or true --", `${"a".repeat(42)}\n`])
    expect(await tokens.rotate(text)).toEqual(unknown);
  expect(await tokens.rotate(undefined as never)).toEqual(unknown);
  const brief = refreshTokens({ db, table, find: db.doors.findRefreshTokenByHash, lifetime: 3_600_000 });
  const { token } = await brief.issue(ann);
  await database.admin`update refresh_tokens set created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour' where creator_id = ${ann}`;
  expect(await tokens.rotate(token)).toMatchObject({ reason: "expired" });
  const signedOut = await tokens.issue(ann);
  expect(await tokens.revoke(signedOut.token)).toBe(true);
  expect(await tokens.revoke(randomBytes(32).toString("base64url"))).toBe(false);
  expect(await tokens.rotate(signedOut.token)).toMatchObject({ reason: "revoked" });
});

it("ends all of one creator's families, and nobody else's", async () => {
  const bob = await signUp(db as unknown as Pick<TenantClient, "as">, "Bob");
  const [one, two, his] = [await tokens.issue(ann), await tokens.issue(ann), await tokens.issue(bob)];
  expect(await tokens.revokeAll(ann, "password_changed")).toBe(2);
  for (const { token } of [one, two]) expect(await tokens.rotate(token)).toMatchObject({ reason: "revoked" });
  await rotated(his.token);
});

it("refuses a lifetime that is none", () => {
  const find = db.doors.findRefreshTokenByHash;
  expect(() => refreshTokens({ db, table, find, lifetime: 0 })).toThrow(/lifetime/);
});
