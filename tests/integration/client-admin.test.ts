import { randomUUID } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import { connect, type TenantClient } from "tenantry/client";
import * as schema from "tenantry/schema";
import { relations } from "tenantry/schema/generated/relations";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { failureOf, refusal, signUp } from "./client-fixture.js";

const { auditLogs, creators, documents } = schema;

let database: TestDatabase;
let db: TenantClient<typeof relations>;
let operator: string;
let ann: string;
let bob: string;

const urlOf = (user: string) => onDatabase(database.adminUrl, database.name, { user, password: "x" });
const made: string[] = [];
async function makeLogin(name: string, ...statements: string[]): Promise<URL> {
  const login = `${name}_${database.name}`;
  await database.admin.unsafe(`create role ${login} login password 'x'`);
  made.push(login);
  for (const sql of statements) await database.admin.unsafe(sql.replaceAll("$login", login));
  return urlOf(login);
}

beforeAll(async () => {
  database = await createTestDatabase();
  operator = `operator_${database.name}`;
  const adminUrl = await makeLogin("operator", "grant app_admin to $login");
  db = await connect({ url: database.serviceUrl, relations, adminUrl, max: 2 });
});

afterAll(async () => {
  await db.close();
  for (const login of made) {
    await database.admin.unsafe(`reassign owned by ${login} to current_user; drop owned by ${login}`);
    await database.admin.unsafe(`drop role ${login}`);
  }
});

beforeEach(async () => {
  await database.admin`truncate creators, audit_logs cascade`;
  [ann, bob] = await Promise.all([signUp(db, "Ann"), signUp(db, "Bob")]);
  await database.admin`delete from audit_logs`;
});

const WORK = { actor: "ops@example.com", reason: "ticket 4711" };
const logged = async () =>
  [
    ...(await database.admin`select creator_id, actor, action, table_name, after, request_id from audit_logs order by created_at, id`),
  ] as Record<string, unknown>[];

describe("db.asAdmin", () => {
  it("works on the rows of all tenants, and writes down who did it, why and by which login", async () => {
    const count = await db.asAdmin({ ...WORK, requestId: "req-1" }, async (tx) => await tx.$count(documents));
    expect(count).toBe(2);
    expect(await logged()).toEqual([
      {
        creator_id: "00000000-0000-0000-0000-000000000000",
        actor: "ops@example.com",
        action: "admin",
        table_name: "*",
        after: { reason: "ticket 4711", login: operator },
        request_id: "req-1",
      },
    ]);
  });

  it("names the actor in what the audit triggers write", async () => {
    await db.asAdmin({ ...WORK, requestId: "req-2" }, async (tx) => {
      await tx.update(creators).set({ status: "suspended" }).where(eq(creators.id, bob));
    });
    expect(await logged()).toEqual([
      expect.objectContaining({ action: "admin" }),
      expect.objectContaining({
        creator_id: bob,
        action: "update",
        actor: "ops@example.com",
        request_id: "req-2",
      }),
    ]);
  });

  it("writes into the log of the tenant that it is about, who can read it there", async () => {
    await db.asAdmin({ ...WORK, tenant: ann }, async (tx) => {
      // The tenant is the context: what is inserted is theirs.
      await tx.insert(documents).values({ title: "restored", checksum: "0".repeat(64) });
    });
    const rows = await db.as(ann).select().from(auditLogs).where(eq(auditLogs.action, "admin"));
    expect(rows).toEqual([
      expect.objectContaining({ creatorId: ann, after: expect.objectContaining({ reason: "ticket 4711" }) }),
    ]);
    expect(await db.as(bob).$count(auditLogs)).toBe(0);
    expect(await db.as(ann).$count(documents)).toBe(2);
  });

  it("keeps nothing, the row in the log included, when the work fails", async () => {
    const failing = db.asAdmin(WORK, async (tx) => {
      await tx.update(creators).set({ status: "closed" });
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await logged()).toEqual([]);
    expect(await database.admin`select from creators where status = 'closed'`).toHaveLength(0);
  });

  it("does nothing when it cannot be written down", async () => {
    await database.admin.unsafe(
      "alter table audit_logs add constraint refused check (action <> 'admin') not valid",
    );
    let isReached = false;
    const refused = db.asAdmin(WORK, async (tx) => {
      isReached = true;
      await tx.update(creators).set({ status: "closed" });
    });
    expect((await failureOf(refused)).cause).toEqual(refusal("check-violation", /refused/));
    expect(isReached).toBe(false);
    await database.admin.unsafe("alter table audit_logs drop constraint refused");
    expect(await database.admin`select from creators where status = 'closed'`).toHaveLength(0);
  });

  it("cannot unwrite it: not by a COMMIT inside, and not by deleting it", async () => {
    await db.asAdmin(WORK, async (tx) => await tx.execute(sql`commit`)).catch(() => {});
    expect(await logged()).toHaveLength(1);
    for (const statement of [
      sql`delete from audit_logs`,
      sql`update audit_logs set actor = 'x'`,
      sql`truncate audit_logs`,
    ]) {
      const attempt = db.asAdmin(WORK, async (tx) => await tx.execute(statement));
      expect((await failureOf(attempt)).cause).toMatchObject({ code: "permission-denied" });
    }
    expect(await logged()).toHaveLength(1);
  });

  it.each([
    ["an actor", { reason: "x" }],
    ["an actor that is more than blanks", { actor: " ", reason: "x" }],
    ["a reason", { actor: "x" }],
    ["a reason that is more than blanks", { actor: "x", reason: "\n" }],
    ["a short reason", { actor: "x", reason: "x".repeat(1001) }],
    ["an actor on one line", { actor: "a\nb", reason: "x" }],
    ["anything", undefined],
  ])("refuses work without %s", async (_, work) => {
    const attempt = db.asAdmin(work as typeof WORK, async () => "reached");
    await expect(attempt).rejects.toEqual(refusal("argument-invalid", /actor/));
    expect(await logged()).toEqual([]);
  });

  it("does not mix with a tenant's transaction, in either direction", async () => {
    const inside = db.as(ann).transaction(async () => await db.asAdmin(WORK, async () => "reached"));
    await expect(inside).rejects.toEqual(refusal("isolation", /inside the transaction of another tenant/));
    const outside = db.asAdmin(WORK, async () => await db.as(ann).$count(documents));
    const { error, cause } = await failureOf(outside);
    expect(cause ?? error).toEqual(refusal("isolation", /inside the transaction of another tenant/));
    const twice = db.asAdmin(WORK, async () => await db.asAdmin(WORK, async () => "reached"));
    await expect(twice).rejects.toEqual(refusal("isolation", /not as a part of it/));
  });

  it("is refused without a login of its own, or without a log among the relations", async () => {
    const plain = await connect({ url: database.serviceUrl, relations, max: 1 });
    await expect(plain.asAdmin(WORK, async () => "reached")).rejects.toEqual(
      refusal("argument-invalid", /adminUrl|login of its own/),
    );
    await plain.close();
    const unlogged = await connect({ url: database.serviceUrl, adminUrl: urlOf(operator), max: 1 });
    await expect(unlogged.asAdmin(WORK, async () => "reached")).rejects.toEqual(
      refusal("schema-invalid", /tenantAuditLog/),
    );
    await unlogged.close();
  });
});

describe("the admin login", () => {
  it.each([
    ["stranger", [], /not a member of app_admin/],
    ["mixed", ["grant app_admin to $login", "grant app_tenant to $login"], /also in app_tenant/],
    ["bypasser", ["grant app_admin to $login", "alter role $login bypassrls"], /no row security holds/],
    ["heir", ["grant app_admin to $login", "grant postgres to $login"], /no row security holds/],
    [
      "owner",
      [
        "grant app_admin to $login",
        "create table owned (a int)",
        "alter table owned enable row level security, owner to $login",
      ],
      /owns tables/,
    ],
    ["lazy", ["alter role $login noinherit", "grant app_admin to $login"], /not a member of app_admin/],
  ])("is refused as %s", async (name, statements, problem) => {
    const adminUrl = await makeLogin(name, ...statements);
    const attempt = connect({ url: database.serviceUrl, relations, adminUrl });
    await expect(attempt).rejects.toEqual(refusal("role-insufficient", problem));
  });

  it("is refused as superuser, and as the service's own", async () => {
    const asSuperuser = connect({ url: database.serviceUrl, relations, adminUrl: database.adminUrl });
    await expect(asSuperuser).rejects.toEqual(refusal("role-insufficient", /no row security holds/));
    const asService = connect({ url: database.serviceUrl, relations, adminUrl: database.serviceUrl });
    await expect(asService).rejects.toEqual(refusal("role-insufficient", /not a member of app_admin/));
  });

  it("reads no row of a tenant that does not exist, whatever it says of itself", async () => {
    const tenant = randomUUID();
    await db.asAdmin({ ...WORK, tenant }, async () => {});
    expect(await db.as(ann).$count(auditLogs)).toBe(0);
  });
});
