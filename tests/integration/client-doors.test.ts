import { createHash, randomUUID } from "node:crypto";
import { type Door, door } from "tenantry";
import { connect, type TenantClient, withTenant } from "tenantry/client";
import * as schema from "tenantry/schema";
import { doors } from "tenantry/schema/generated/doors";
import { relations } from "tenantry/schema/generated/relations";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { refusal, signUp } from "./client-fixture.js";
import { startCountingProxy } from "./counting-proxy.js";

const { creators, jwtBlacklist, refreshTokens } = schema;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let database: TestDatabase;
let db: TenantClient<typeof relations, "uuid", typeof doors>;
let ann: string;
let email: string;
const expiresAt = new Date("2035-01-02T03:04:05.678Z");

beforeAll(async () => {
  database = await createTestDatabase();
  db = await connect({ url: database.serviceUrl, relations, doors, max: 2 });
  [ann] = await Promise.all([signUp(db, "Ann"), signUp(db, "Bob")]);
  email = `${ann}@example.com`;
  await db
    .as(ann)
    .insert(refreshTokens)
    .values({ tokenHash: sha256("a"), familyId: randomUUID(), expiresAt });
  await db.as(ann).insert(jwtBlacklist).values({ jti: "a", expiresAt });
});

afterAll(async () => await db.close());

describe("db.doors", () => {
  it("answers the row, with the properties and types of the table, or undefined", async () => {
    const creator = await db.doors.findCreatorByEmail(email.toUpperCase());
    expect(creator).toEqual({ id: ann, passwordHash: "$argon2id$v=19$x", status: "active" });
    const token = await db.doors.findRefreshTokenByHash(sha256("a"));
    expect(token).toMatchObject({ creatorId: ann, expiresAt, revokedAt: null, replacedBy: null });
    expect(token?.expiresAt).toBeInstanceOf(Date);
    expect(await db.doors.findCreatorByEmail("nobody@example.com")).toBeUndefined();
    expectTypeOf(creator).toEqualTypeOf<
      Pick<typeof creators.$inferSelect, "id" | "passwordHash" | "status"> | undefined
    >();
    expectTypeOf(db.doors.isTokenRevoked).toEqualTypeOf<
      (creatorId: string, jti: string) => Promise<boolean>
    >();
  });

  it("answers whether there is a row, where the door tells nothing of it", async () => {
    expect(await db.doors.isTokenRevoked(ann, "a")).toBe(true);
    expect(await db.doors.isTokenRevoked(ann, "b")).toBe(false);
    expect(await db.doors.isTokenRevoked(randomUUID(), "a")).toBe(false);
  });

  it("takes one round trip once it is prepared, and leaves no tenant behind", async () => {
    const proxy = await startCountingProxy(database.serviceUrl);
    const far = await connect({ url: proxy.url, relations, doors, max: 1 });
    await far.doors.findCreatorByEmail(email);
    expect(await proxy.count(() => far.doors.findCreatorByEmail(email))).toBe(1);
    await far.as(ann).$count(creators);
    expect(await far.doors.findCreatorByEmail("nobody@example.com")).toBeUndefined();
    expect(await far.doors.findCreatorByEmail(email)).toMatchObject({ id: ann });
    await far.close();
    await proxy.close();
  });

  it("works where nothing is prepared", async () => {
    const plain = await connect({ url: database.serviceUrl, doors, prepare: false, max: 1 });
    expect(await plain.doors.findCreatorByEmail(email)).toMatchObject({ id: ann });
    expect(await plain.doors.isTokenRevoked(ann, "a")).toBe(true);
    await plain.close();
  });

  it.each([
    ["nothing", []],
    ["null", [null]],
    ["undefined", [undefined]],
    ["two keys", ["a", "b"]],
    ["a NUL character", ["a\0"]],
  ])("refuses %s before it asks, so that it never means not found", async (_, keys) => {
    const call = db.doors.findCreatorByEmail as (...keys: unknown[]) => Promise<unknown>;
    await expect(call(...keys)).rejects.toEqual(refusal("argument-invalid", /findCreatorByEmail .* email/));
  });

  it("refuses what its column cannot hold, and goes on", async () => {
    await expect(db.doors.isTokenRevoked("' or true --", "a")).rejects.toEqual(
      refusal("argument-invalid", /cannot hold/),
    );
    expect(await db.doors.isTokenRevoked(ann, "a")).toBe(true);
  });

  it("is refused inside a transaction, where it would wait for a second connection", async () => {
    const inside = db.as(ann).transaction(async () => await db.doors.findCreatorByEmail(email));
    await expect(inside).rejects.toEqual(refusal("isolation", /door was called inside a transaction/));
  });

  it("may be called on behalf of a tenant, to ask whether an address is taken", async () => {
    expect(await withTenant(ann, () => db.doors.findCreatorByEmail(email))).toMatchObject({ id: ann });
  });

  it("is refused what is no door", async () => {
    const attempt = connect({ url: database.serviceUrl, doors: { creators: creators as unknown as Door } });
    await expect(attempt).rejects.toEqual(refusal("argument-invalid", /creators .*door\(\)/));
  });

  it("says so when the server does not have the door", async () => {
    const findByName = door("find_creator_by_name", {
      table: creators,
      by: creators.id,
      reason: "a migration is missing",
    });
    const lacking = await connect({ url: database.serviceUrl, doors: { findByName }, max: 1 });
    const call = lacking.doors.findByName as (id: string) => Promise<unknown>;
    await expect(call(ann)).rejects.toMatchObject({ cause: { code: "42883" } });
    await lacking.close();
  });
});
