import { sql } from "drizzle-orm";
import {
  boolean,
  char,
  pgEnum,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import {
  door,
  globalTable,
  globalUnique,
  tenantForeignKey,
  tenantKey,
  tenantRoot,
  tenantRootKey,
  withTenantRls,
} from "tenantry";
import { describe, expect, it } from "vitest";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { createDoorSql } from "../../src/isolation/doors/door-sql.js";
import { readExpected } from "../../src/isolation/expected.js";

const mood = pgEnum("mood", ["good", "bad"]);
const people = pgTable(
  "people",
  {
    ...tenantRootKey(),
    email: text("email").notNull(),
    nick: varchar("nick", { length: 20 }),
    pin: char("pin", { length: 4 }).unique(),
    isOdd: boolean("is_odd").unique(),
    name: text("name"),
    mood: mood("mood"),
    tags: text("tags").array(),
    since: timestamp("since", { withTimezone: true, precision: 3 }),
  },
  (t) => [
    tenantRoot(t),
    globalUnique(t, { name: "people_email_key", on: sql`lower(${t.email})`, reason: "it signs in" }),
    globalUnique(t, { name: "people_nick_key", on: sql`${t.nick}`, reason: "it is shown to all" }),
    uniqueIndex("people_name_key").on(t.name).where(sql`${t.name} <> ''`),
  ],
);
const notes = pgTable("notes", { ...tenantKey(), authorId: uuid("author_id") }, (t) => [
  withTenantRls(t),
  tenantForeignKey(t, { columns: [], foreignColumns: [people.id] }),
]);
const countries = pgTable("countries", { code: text("code").primaryKey() }, (t) => [
  globalTable(t, { reason: "ISO 3166" }),
]);
const loose = pgTable("loose", { id: uuid("id").primaryKey() });

const settings = parseTenancySettings({});
const read = (...doors: readonly unknown[]) =>
  readExpected(settings, { people, notes, countries, loose, ...Object.fromEntries(doors.entries()) });
const reason = "it is asked before";
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: "schema-invalid", message: expect.stringMatching(message) });

describe("door()", () => {
  it("becomes a function that names everything with its schema, and compares exactly", () => {
    const { doors } = read(
      door("find_person", {
        table: people,
        by: people.email,
        normalize: "lower",
        returns: [people.id, people.mood, people.tags, people.since],
        reason,
      }),
    );
    expect(doors.map(createDoorSql)).toEqual([
      `create or replace function "tenantry_doors"."find_person"(text) returns table ("id" uuid, "mood" "public"."mood", "tags" text[], "since" timestamp with time zone)
  language sql stable strict security definer rows 1 set search_path = pg_catalog, pg_temp
  as $body$
    select found."id", found."mood", found."tags", found."since"
      from "public"."people" as found
      where pg_catalog.lower(found."email") operator(pg_catalog.=) pg_catalog.lower($1)
      limit 1
  $body$`,
    ]);
  });

  it.each([
    ["a primary key", { table: people, by: people.id }],
    ["a whole composite key", { table: notes, by: [notes.creatorId, notes.id] as const }],
    ["more than a whole key", { table: notes, by: [notes.id, notes.creatorId, notes.authorId] as const }],
    ["a globally unique column", { table: people, by: people.nick }],
    ["a globally unique expression", { table: people, by: people.email, normalize: "lower" as const }],
  ])("looks up by %s", (_, { by, ...options }) => {
    const { doors, tables } = read(door("find", { ...options, by: by as never, reason }));
    expect(doors).toEqual([expect.objectContaining({ name: "find", to: "app_tenant", returns: undefined })]);
    const table = tables.find(({ name }) => name === doors[0]?.table);
    expect(table?.policies.at(-1)).toEqual({
      name: `${table?.name}_door`,
      permissive: true,
      command: "select",
      roles: ["app_door"],
      using: "true",
      check: undefined,
    });
  });

  it.each([
    ["a part of a key", { table: notes, by: notes.id }, /may find several rows/],
    [
      "a column that is unique in lower case alone",
      { table: people, by: people.email },
      /may find several rows/,
    ],
    [
      "a column that is not unique in lower case",
      { table: people, by: people.nick, normalize: "lower" as const },
      /may find several rows: .*lower\(nick\)/,
    ],
    ["a partial index", { table: people, by: people.name }, /may find several rows/],
    ["a type that pads", { table: people, by: people.pin }, /char\(4\) has no exact comparison/],
    ["a type with few values", { table: people, by: people.isOdd }, /boolean has no exact comparison/],
    ["an array", { table: people, by: people.tags }, /has no exact comparison/],
    ["lower case of no text", { table: people, by: people.id, normalize: "lower" as const }, /for one text/],
    ["a global table", { table: countries, by: countries.code }, /every service may read/],
    ["a table that nobody declared", { table: loose, by: loose.id }, /nobody has declared/],
    ["the door role", { table: people, by: people.id, to: "app_door" }, /cannot be for the role app_door/],
    ["the admin role", { table: people, by: people.id, to: "app_admin" }, /cannot be for the role app_admin/],
    ["everybody", { table: people, by: people.id, to: "PUBLIC" }, /cannot be for the role PUBLIC/],
  ])("refuses %s", (_, options, message) => {
    expect(() => read(door("find", { ...options, reason } as never))).toThrow(refusal(message));
  });

  it.each([
    ["no reason", { table: people, by: people.id, reason: " " }, /No reason is given for the door find/],
    [
      "a key of another table",
      { table: people, by: notes.id, reason },
      /id of the door find is not one of its table, people/,
    ],
    [
      "an answer of another table",
      { table: people, by: people.id, returns: [notes.id], reason },
      /not one of its table/,
    ],
    ["a column that is not there", { table: people, by: undefined, reason }, /is undefined/],
  ])("refuses %s where it is declared", (_, options, message) => {
    expect(() => door("find", options as never)).toThrow(refusal(message));
  });

  it.each(["", "Find", "find-it", "1st", "f(text)", 'f"', "f".repeat(64)])("refuses the name %j", (name) => {
    expect(() => door(name, { table: people, by: people.id, reason })).toThrow(refusal(/name of a door/));
  });

  it("refuses two of one name, and one whose table is not exported", () => {
    const one = door("find", { table: people, by: people.id, reason });
    const other = door("find", { table: notes, by: [notes.creatorId, notes.id], reason });
    expect(() => read(one, other)).toThrow(refusal(/Two doors are named find/));
    expect(() => readExpected(settings, { notes, one })).toThrow(refusal(/which no schema file exports/));
    expect(read(one, one).doors).toHaveLength(1);
  });
});
