import { describe, expect, it } from "vitest";
import { checkSchema } from "../fixtures/codegen/check-fixture.js";

const notes = (extras: string, columns = "") => `export const notes = pgTable("notes", {
  ...tenantKey(),
  slug: text("slug").notNull(),
  parentId: uuid("parent_id"),${columns}
}, (t) => [
  withTenantRls(t),
  ${extras}
]);
`;
/** The line of the extras in {@link notes}, and of its extra columns. */
const EXTRA = 7;

const withException = (
  object: string,
  rule = "key-not-tenant-leading",
) => `export const notes = pgTable("notes", {
  ...tenantKey(),
  slug: text("slug").notNull(),
}, (t) => [
  withTenantRls(t, { exceptions: [{ rule: "${rule}", subject: "${object}", reason: "slugs are random" }] }),
  unique("notes_slug_key").on(t.slug),
]);
`;

describe("key-not-tenant-leading", () => {
  it.each([
    ["a unique constraint", `unique("notes_slug_key").on(t.slug),`],
    ["a unique constraint without a name", "unique().on(t.slug, t.creatorId),"],
    ["a unique index", `uniqueIndex("notes_slug_key").on(t.slug, t.creatorId),`],
    ["a unique index on an expression", `uniqueIndex("notes_slug_key").on(sql\`lower(\${t.slug})\`),`],
    ["a foreign key by the id alone", "foreignKey({ columns: [t.parentId], foreignColumns: [t.id] }),"],
    [
      "a foreign key that crosses its columns",
      "foreignKey({ columns: [t.parentId, t.creatorId], foreignColumns: [t.creatorId, t.id] }),",
    ],
  ])("finds %s", async (_, extra) => {
    expect(await checkSchema(notes(extra))).toEqual([`key-not-tenant-leading notes ${EXTRA}`]);
  });

  it.each([
    [
      "keys that start with the tenant",
      `unique().on(t.creatorId, t.slug), uniqueIndex("u").on(t.creatorId, t.slug),`,
    ],
    ["an index that is not unique", `index("notes_slug_idx").on(t.slug),`],
    ["a composite reference", "tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id] }),"],
    ["a reference to the root", "tenantForeignKey(t, { columns: [], foreignColumns: [creators.id] }),"],
    [
      "a composite reference by hand, in another order",
      "foreignKey({ columns: [t.parentId, t.creatorId], foreignColumns: [t.id, t.creatorId] }),",
    ],
  ])("is silent about %s", async (_, extra) => {
    expect(await checkSchema(notes(extra))).toEqual([]);
  });

  it("finds a primary key of the id alone, and .unique() on a column", async () => {
    const text = `export const tags = pgTable("tags", {
  ...tenantColumn(),
  id: uuid("id").primaryKey(),
  slug: text("slug").unique(),
}, (t) => [withTenantRls(t), index().on(t.creatorId)]);
`;
    expect(await checkSchema(text)).toEqual([
      "key-not-tenant-leading tags 3",
      "key-not-tenant-leading tags 4",
    ]);
  });

  it("finds .references() to another tenant table, and not to a global one", async () => {
    const text = `export const plans = pgTable("plans", { id: uuid("id").primaryKey() }, (t) => [globalTable(t, { reason: "prices" })]);
export const notes = pgTable("notes", {
  ...tenantKey(),
  planId: uuid("plan_id").references(() => plans.id),
  invitedBy: uuid("invited_by").references(() => creators.id),
}, (t) => [withTenantRls(t)]);
`;
    expect(await checkSchema(text)).toEqual(["key-not-tenant-leading notes 5"]);
  });

  it("accepts a declared exception", async () => {
    expect(await checkSchema(withException("notes_slug_key"))).toEqual([]);
  });
});

describe("exception-unused", () => {
  it("finds an exception that excepts nothing, beside what it should have excepted", async () => {
    expect(await checkSchema(withException("notes_slug_kye"))).toEqual([
      "key-not-tenant-leading notes 6",
      "exception-unused notes 5",
    ]);
  });

  it("leaves exceptions from the rules of other layers to them", async () => {
    const text = withException("notes", "grant-too-wide").replace("t.slug),", "t.creatorId, t.slug),");
    expect(await checkSchema(text)).toEqual([]);
  });
});

describe("foreign-key-set-null", () => {
  const key = (action: string) =>
    notes(
      `foreignKey({ columns: [t.creatorId, t.parentId], foreignColumns: [t.creatorId, t.id] })${action},`,
    );

  it.each([`.onDelete("set null")`, `.onDelete("set default")`, `.onUpdate("set null")`])(
    "finds a composite key with %s",
    async (action) => {
      expect(await checkSchema(key(action))).toEqual([`foreign-key-set-null notes ${EXTRA}`]);
    },
  );

  it("is silent about other actions, and about tenantForeignKey, which nulls the reference alone", async () => {
    expect(await checkSchema(key(`.onDelete("cascade")`))).toEqual([]);
    const own = `tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" }),`;
    expect(await checkSchema(notes(own))).toEqual([]);
  });
});

describe("policy-index-missing", () => {
  const table = (extra: string) => `export const notes = pgTable("notes", {
  ...tenantColumn(),
  id: uuid("id").notNull(),
}, (t) => [withTenantRls(t), ${extra}]);
`;

  it.each([
    ["no index", ""],
    ["an index on something else", "index().on(t.id, t.creatorId)"],
    ["a partial index", "index().on(t.creatorId).where(sql`id is not null`)"],
    ["an index that only finds equal values", `index().using("brin", t.creatorId)`],
  ])("finds a table with %s", async (_, extra) => {
    expect(await checkSchema(table(extra))).toEqual(["policy-index-missing notes 1"]);
  });

  it("is silent where an index or a key starts with the tenant", async () => {
    expect(await checkSchema(table("index().on(t.creatorId)"))).toEqual([]);
    expect(await checkSchema(table("primaryKey({ columns: [t.creatorId, t.id] })"))).toEqual([]);
    expect(await checkSchema(table("unique().on(t.creatorId, t.id)"))).toEqual([]);
  });
});
