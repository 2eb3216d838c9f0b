import { defineRelations, eq, sql } from "drizzle-orm";
import { TenantryError, uuidV7 } from "tenantry";
import type { TenantClient } from "tenantry/client";
import { connect } from "tenantry/client";
import * as schema from "tenantry/schema";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { quoteIdentifier } from "../../src/core/identifiers.js";
import { defineTenancy } from "../../src/rls/define-tenancy.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createEmptyDatabase, createTestDatabase } from "../support/databases.js";
import { draft, failureOf, refusal, signUp } from "./client-fixture.js";

const { creators, documents } = schema;
const relations = defineRelations({ creators, documents }, (r) => ({
  creators: { documents: r.many.documents({ from: r.creators.id, to: r.documents.creatorId }) },
}));

let database: TestDatabase;
let db: TenantClient<typeof relations>;
let ann: string;
let bob: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await connect({ url: database.serviceUrl, relations, max: 2 });
});

afterAll(async () => await db.close());

beforeEach(async () => {
  [ann, bob] = await Promise.all([signUp(db, "Ann"), signUp(db, "Bob")]);
});

describe("a statement", () => {
  it("sees the rows of its tenant and of no other", async () => {
    expect(await db.as(ann).select({ title: documents.title }).from(documents)).toEqual([{ title: "Ann's" }]);
    expect(await db.as(bob).select({ title: documents.title }).from(documents)).toEqual([{ title: "Bob's" }]);
    expect(await db.as(ann).select().from(documents).where(eq(documents.creatorId, bob))).toEqual([]);
  });

  it("writes for its tenant without naming it, and for no other", async () => {
    const [made] = await db.as(ann).insert(documents).values(draft("new")).returning();
    expect(made?.creatorId).toBe(ann);
    const foreign = db
      .as(ann)
      .insert(documents)
      .values({ ...draft("x"), creatorId: bob });
    expect((await failureOf(foreign)).cause).toMatchObject({
      code: "row-not-permitted",
      refused: { sqlState: "42501" },
    });
  });

  it("may be any that drizzle has: update, delete, count, relational, prepared, raw", async () => {
    const scoped = db.as(ann);
    const updated = await scoped
      .update(documents)
      .set({ title: "renamed" })
      .returning({ title: documents.title });
    expect(updated).toEqual([{ title: "renamed" }]);
    expect(await scoped.$count(documents)).toBe(1);
    const found = await scoped.query.creators.findFirst({
      with: { documents: { columns: { title: true } } },
    });
    expect(found).toMatchObject({ id: ann, documents: [{ title: "renamed" }] });
    const prepared = scoped
      .select()
      .from(documents)
      .where(eq(documents.title, sql.placeholder("title")))
      .prepare("p");
    expect(await prepared.execute({ title: "renamed" })).toHaveLength(1);
    expect(await prepared.execute({ title: "Ann's" })).toHaveLength(0);
    const raw = await scoped.execute<{ tenant: string }>(
      sql`select current_setting('app.creator_id') as tenant`,
    );
    expect(raw[0]).toEqual({ tenant: ann });
    expect(await scoped.delete(documents).returning({ id: documents.id })).toHaveLength(1);
    expect(await db.as(bob).$count(documents)).toBe(1);
  });

  it("is typed by drizzle: dates, json, arrays and nulls come and go", async () => {
    const values = {
      ...draft("typed"),
      tags: ["a", 'b"c'],
      metadata: { pages: [1, null] },
      deletedAt: new Date(5e11),
    };
    for (let time = 0; time < 3; time += 1) {
      const [row] = await db
        .as(ann)
        .insert(documents)
        .values({ ...values, ...draft("typed") })
        .returning();
      expect(row).toMatchObject({
        tags: values.tags,
        metadata: values.metadata,
        deletedAt: values.deletedAt,
        source: null,
      });
    }
  });

  it("leaves no context behind on its connection", async () => {
    await Promise.all([ann, bob, ann, bob].map((id) => db.as(id).select().from(documents)));
    const contexts = await database.admin`
      select count(*)::int as open from pg_stat_activity
      where datname = ${database.name} and application_name = 'tenantry client' and state <> 'idle'`;
    expect(contexts[0]).toEqual({ open: 0 });
  });

  it("fails with its own error, not with that of what follows it, and the connection goes on", async () => {
    for (let time = 0; time < 3; time += 1) {
      const twice = db
        .as(ann)
        .insert(creators)
        .values({
          id: ann,
          email: `${uuidV7()}@example.com`,
          displayName: "again",
          passwordHash: "$x$y",
        });
      const { error, cause } = await failureOf(twice);
      expect(error.message).toMatch(/^Failed query: insert into "creators"/);
      expect(cause).toMatchObject({
        code: "unique-violation",
        refused: { sqlState: "23505", table: "creators", constraint: "creators_pkey", columns: ["id"] },
      });
    }
    expect(await db.as(ann).$count(documents)).toBe(1);
  });

  it("fails with the error of COMMIT where only that fails", async () => {
    await database.admin.unsafe(`
      create function fail_late() returns trigger language plpgsql as $$ begin raise exception 'too late'; end $$;
      create constraint trigger late after update on widget_configurations deferrable initially deferred
        for each row execute function fail_late();`);
    await db.as(ann).insert(schema.widgetConfigurations).values({ name: "w" });
    const update = db.as(ann).update(schema.widgetConfigurations).set({ active: false });
    expect((await failureOf(update)).cause).toMatchObject({ message: "too late" });
    expect(
      await db.as(ann).select({ on: schema.widgetConfigurations.active }).from(schema.widgetConfigurations),
    ).toEqual([{ on: true }]);
  });

  it("cannot smuggle in a second statement", async () => {
    const two = db.as(ann).execute(sql.raw(`commit; set app.creator_id = '${bob}'; select 1`));
    expect((await failureOf(two)).cause).toMatchObject({ code: "42601" });
  });
});

describe("a transaction", () => {
  it("is the tenant's from its first statement to its last, and commits or rolls back whole", async () => {
    const title = await db.as(ann).transaction(async (tx) => {
      const [made] = await tx.insert(documents).values(draft("kept")).returning();
      expect(await tx.$count(documents)).toBe(2);
      expect(await tx.query.documents.findMany({ where: { creatorId: bob } })).toEqual([]);
      return made?.title;
    });
    expect(title).toBe("kept");
    const thrown = new Error("no");
    const failing = db.as(ann).transaction(async (tx) => {
      await tx.delete(documents);
      throw thrown;
    });
    expect((await failureOf(failing)).error).toBe(thrown);
    expect(await db.as(ann).$count(documents)).toBe(2);
  });

  it("takes drizzle's options and savepoints", async () => {
    const level = await db
      .as(ann)
      .transaction(
        async (tx) => {
          const inner = tx.transaction(async (savepoint) => {
            await savepoint.delete(documents);
            savepoint.rollback();
          });
          await expect(inner).rejects.toThrow("Rollback");
          expect(await tx.$count(documents)).toBe(1);
          return await tx.execute<{ level: string; readonly: string }>(
            sql`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as readonly`,
          );
        },
        { isolationLevel: "serializable", accessMode: "read only" },
      )
      .catch((thrown: unknown) => thrown);
    // A read-only transaction refuses the delete of the savepoint; drizzle passes on what the callback throws.
    expect(level).toBeInstanceOf(Error);
    const plain = await db
      .as(ann)
      .transaction(
        (tx) => tx.execute<{ level: string }>(sql`select current_setting('transaction_isolation') as level`),
        { isolationLevel: "serializable" },
      );
    expect(plain[0]).toEqual({ level: "serializable" });
  });

  it("refuses another tenant's statements inside it, and its own database's past it", async () => {
    const handle = db.as(bob);
    await db.as(ann).transaction(async (tx) => {
      expect(() => db.as(bob)).toThrow(/inside the transaction of another tenant/);
      expect(() => db.as(ann)).toThrow(/not as a part of it/);
      expect((await failureOf(handle.select().from(documents))).cause).toEqual(
        refusal("isolation", /another tenant/),
      );
      expect((await failureOf(handle.transaction(async () => {}))).error).toEqual(
        refusal("isolation", /another tenant/),
      );
      expect(await tx.$count(documents)).toBe(1);
    });
    expect(await db.as(bob).$count(documents)).toBe(1);
  });

  it("lets work that outlives it go on", async () => {
    let later: Promise<number> | undefined;
    let finish: () => void = () => {};
    await db.as(ann).transaction(async () => {
      later = new Promise<void>((resolve) => {
        finish = resolve;
      }).then(() => db.as(bob).$count(documents));
    });
    finish();
    expect(await later).toBe(1);
  });
});

describe("a missing or wrong tenant", () => {
  it("is refused before anything is sent", () => {
    const anything = (id: unknown) => () => db.as(id as string);
    for (const missing of [undefined, null, ""]) expect(anything(missing)).toThrow(/without a tenant id/);
    for (const wrong of [
      1,
      {},
      ["x"],
      "x",
      `${ann}'`,
      `{${ann}}`,
      ` ${ann}`,
      `${ann}\n`,
      "' ; set role postgres --",
    ]) {
      let thrown: unknown;
      try {
        anything(wrong)();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(TenantryError);
      expect(thrown).toMatchObject({ code: "tenant-id-invalid" });
    }
  });

  it("has one spelling", async () => {
    expect(await db.as(ann.toUpperCase()).$count(documents)).toBe(1);
  });

  it("cannot reach a table without one", () => {
    expect(Object.keys(db).sort()).toEqual(["as", "asAdmin", "close", "current", "doors", "prepare"]);
    expect(db.doors).toEqual({});
  });
});

describe("connect", () => {
  const refuses = async (url: URL, message: RegExp) =>
    expect(await connect({ url }).catch((thrown: unknown) => thrown)).toEqual(
      refusal("role-insufficient", message),
    );

  it("refuses a superuser, BYPASSRLS, a role that may become one, and strangers to the tenant role", async () => {
    await refuses(database.adminUrl, /is a superuser/);
    const suffix = uuidV7().replaceAll("-", "");
    const roles = {
      bypass: "bypassrls in role app_tenant",
      becomes: `in role app_tenant, ${quoteIdentifier(`bypass_${suffix}`)}`,
      stranger: "",
      barren: "noinherit in role app_tenant",
    };
    try {
      for (const [name, attributes] of Object.entries(roles))
        await database.admin.unsafe(
          `create role ${quoteIdentifier(`${name}_${suffix}`)} login password 'pw' ${attributes}`,
        );
      const as = (name: string) =>
        onDatabase(database.adminUrl, database.name, { user: `${name}_${suffix}`, password: "pw" });
      await refuses(as("bypass"), /has BYPASSRLS/);
      await refuses(as("becomes"), /may become bypass_/);
      await refuses(as("stranger"), /not a member of app_tenant/);
      await refuses(as("barren"), /not a member of app_tenant that inherits/);
    } finally {
      for (const name of Object.keys(roles).reverse())
        await database.admin.unsafe(`drop role if exists ${quoteIdentifier(`${name}_${suffix}`)}`);
    }
  });

  it("names what is wrong with the URL, never the password", async () => {
    const wrong = onDatabase(database.serviceUrl, database.name, { user: "nobody", password: "secret-word" });
    const { error } = await failureOf(connect({ url: wrong }));
    expect(error).toMatchObject({ code: "password-rejected", hint: expect.stringContaining("connect()") });
    expect(JSON.stringify([error.message, error])).not.toContain("secret-word");
    expect((await failureOf(connect({ url: "nonsense" }))).error).toMatchObject({ code: "argument-invalid" });
  });

  it.each([
    ["integer", 7, 8],
    ["bigint", 2n ** 60n, 9n],
    ["text", "o'ne \\ ü", "other"],
  ] as const)("takes a tenant column of type %s", async (columnType, one, other) => {
    const empty = await createEmptyDatabase();
    await empty.admin.unsafe(`
      create table things (org_id ${columnType} not null, name text);
      alter table things enable row level security;
      create policy p on things to app_tenant
        using (org_id = (select cast(nullif(current_setting('app.user', true), '') as ${columnType})));
      grant select, insert on things to app_tenant;`);
    const url = onDatabase(database.serviceUrl, empty.name);
    // `user` is a reserved word: the setting's name must be quoted.
    const tenancy = defineTenancy({ column: "org_id", columnType, setting: "app.user" });
    const client = await connect({ url, tenancy, max: 1 });
    const as = (id: string | number | bigint) => client.as(id);
    await as(one).execute(sql`insert into things values (${String(one)}, 'mine')`);
    expect(await as(one).execute(sql`select name from things`)).toEqual([{ name: "mine" }]);
    expect(await as(other).execute(sql`select name from things`)).toEqual([]);
    await client.close();
  });
});
