import { describe, expect, it } from "vitest";
import { checkSchema } from "../fixtures/codegen/check-fixture.js";

const notes = (mark: string, key: string, declared = "") => `export const notes = pgTable("notes", {
  ...tenantKey(),
  slug: text("slug").notNull(),
  ${mark}
}, (t) => [
  withTenantRls(t${declared}),
  ${key}
]);
`;
const DELETED = `deletedAt: pg.timestamp("deleted_at"),`;
const FLAG = `isDeleted: pg.boolean("is_deleted").notNull().default(false),`;

describe("unique-blocks-deleted", () => {
  it.each([
    ["a constraint", DELETED, `unique("notes_slug_key").on(t.creatorId, t.slug),`],
    ["an index", DELETED, `uniqueIndex("notes_slug_key").on(t.creatorId, t.slug),`],
    ["a mark that is true or false", FLAG, `uniqueIndex("notes_slug_key").on(t.creatorId, t.slug),`],
    [
      "a quoted name",
      `gone: pg.timestamp("RemovedAt"),`,
      `uniqueIndex("notes_slug_key").on(t.creatorId, sql\`lower(\${t.slug})\`),`,
    ],
  ])("finds %s that holds deleted rows", async (_, mark, key) => {
    expect(await checkSchema(notes(mark, key))).toEqual(["unique-blocks-deleted notes 7"]);
  });

  it.each([
    ["a partial index", DELETED, "uniqueIndex().on(t.creatorId, t.slug).where(sql`${t.deletedAt} is null`),"],
    ["a table without a mark", "", "unique().on(t.creatorId, t.slug),"],
    ["an index that is not unique", DELETED, "index().on(t.creatorId, t.slug),"],
    ["a key that holds the mark", DELETED, "unique().on(t.creatorId, t.slug, t.deletedAt),"],
    ["a key of the id", DELETED, "unique().on(t.creatorId, t.id),"],
    [
      "a column that only sounds alike",
      `deletedBy: uuid("deleted_by"),`,
      "unique().on(t.creatorId, t.slug),",
    ],
    ["a text of that name", `deleted: text("deleted"),`, "unique().on(t.creatorId, t.slug),"],
  ])("is silent about %s", async (_, mark, key) => {
    expect(await checkSchema(notes(mark, key))).toEqual([]);
  });

  it("accepts a declared exception, and finds one that excepts nothing", async () => {
    const declared = `, { exceptions: [{ rule: "unique-blocks-deleted", subject: "notes_slug_key", reason: "a slug stays taken" }] }`;
    const key = `unique("notes_slug_key").on(t.creatorId, t.slug)`;
    expect(await checkSchema(notes(DELETED, `${key},`, declared))).toEqual([]);
    expect(await checkSchema(notes("", `${key},`, declared))).toEqual(["exception-unused notes 6"]);
  });
});

describe("a table that is not declared", () => {
  const policy = (using: string) => `export const notes = pgTable("notes", {
  creatorId: uuid("creator_id").notNull(),
}, () => [
  pgPolicy("notes_all", { to: pgRole("app_tenant").existing(), using: sql\`${using}\` }),
]);
`;
  const E = "creator_id = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))";

  it.each([
    ["is always true", "true", "policy-always-true"],
    ["goes by the login", "creator_id::text = current_user", "policy-keyed-on-role"],
    [
      "is open without a context",
      `current_setting('app.creator_id', true) is null or ${E}`,
      "policy-context-open",
    ],
  ])("has its policy judged as well, if it %s", async (_, using, rule) => {
    expect(await checkSchema(policy(using))).toEqual(["table-not-declared notes 1", `${rule} notes 4`]);
  });

  it("has nothing told of a policy that is bound to the tenant", async () => {
    expect(await checkSchema(policy(E))).toEqual(["table-not-declared notes 1"]);
  });

  it("has only what needs no tenant column told of it where there is none", async () => {
    const text = (using: string) =>
      policy(using).replace("creator_id", "owner").replace("creatorId", "owner");
    expect(await checkSchema(text("true"))).toEqual([
      "table-not-declared notes 1",
      "policy-always-true notes 4",
    ]);
    expect(await checkSchema(text("owner is not null and owner <> '0'"))).toEqual([
      "table-not-declared notes 1",
    ]);
  });
});
