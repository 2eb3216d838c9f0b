import { describe, expect, it, onTestFinished } from "vitest";
import type { TenancyOptions } from "../../src/core/tenancy-settings.js";
import { createEmptyDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";
import { dropRoles, makeService } from "./service-login.js";

type Case = {
  readonly title: string;
  readonly tenancy?: TenancyOptions;
  readonly schema: string;
  readonly tenants: readonly [string, string];
  /** Run in each tenant's context. */
  readonly insert: readonly string[];
  /** Each gives `tenant` and `n`, the rows that a context sees. */
  readonly count: readonly string[];
  readonly ownRoles?: boolean;
};

const UUIDS = ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"] as const;
const simple =
  'export const notes = pgTable("notes", { ...tenantKey(), title: text() }, (t) => [withTenantRls(t)]);';
const simpleUse = {
  insert: ["insert into notes (title) values ('x')"],
  count: ["select count(*)::int as n from notes"],
};

const CASES: readonly Case[] = [
  {
    title: "a tenant column of type text",
    tenancy: { column: "org_id", columnType: "text" },
    schema: `export const orgs = pgTable("orgs", { ...tenantRootKey(), name: text() }, (t) => [tenantRoot(t)]);
      export const notes = pgTable("notes", { ...tenantKey(), title: text() }, (t) => [withTenantRls(t, { audit: true }),
        tenantForeignKey(t, { columns: [], foreignColumns: [orgs.id], onDelete: "cascade" })]);
      export const log = pgTable("log", { ...tenantKey(), actor: text(), action: text(), tableName: text("table_name"), rowId: text("row_id"),
        before: jsonb(), after: jsonb(), requestId: text("request_id") }, (t) => [tenantAuditLog(t)]);`,
    tenants: ["acme", "o'brien \\ co"],
    insert: ["insert into orgs (name) values ('x')", "insert into notes (title) values ('x')"],
    count: [
      "select count(*)::int as n from orgs",
      "select count(*)::int as n from notes",
      "select count(*)::int as n from log",
    ],
  },
  {
    title: "a tenant column of type integer",
    tenancy: { column: "org_id", columnType: "integer" },
    schema: simple,
    tenants: ["1", "2"],
    ...simpleUse,
  },
  {
    title: "a tenant column of type bigint",
    tenancy: { column: "org_id", columnType: "bigint" },
    schema: `export const orgs = pgTable("orgs", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);\n${simple}`,
    tenants: ["9007199254740993", "9007199254740992"],
    ...simpleUse,
  },
  {
    title: "a tenant column of type varchar",
    tenancy: { column: "org_id", columnType: "text" },
    schema: `export const notes = pgTable("notes", { orgId: varchar("org_id", { length: 20 }).notNull().default(sql.raw("nullif(current_setting('app.creator_id', true), '')")),
      id: serial(), title: text() }, (t) => [withTenantRls(t), primaryKey({ columns: [t.orgId, t.id] })]);`,
    tenants: ["a", "b"],
    ...simpleUse,
  },
  {
    title: "the policy form of Citus",
    tenancy: { policyForm: "citus" },
    schema: simple,
    tenants: UUIDS,
    ...simpleUse,
  },
  {
    title: "other roles and another setting",
    tenancy: {
      column: "Owner Id",
      setting: "shop.current_owner",
      roles: { tenant: "Shop's Tenant", door: "shop-door", admin: "shop admin's" },
    },
    schema:
      'export const notes = pgTable("notes", { ...tenantColumn(), id: serial(), title: text() }, (t) => [withTenantRls(t), primaryKey({ columns: [Object.values(t)[0], t.id] })]);',
    tenants: UUIDS,
    ...simpleUse,
    ownRoles: true,
  },
  {
    title: "tables of one name in two schemas",
    schema: `export const kb = pgSchema("kb"); export const crm = pgSchema("CRM data");
      export const notes = kb.table("notes", { ...tenantKey(), number: serial() }, (t) => [withTenantRls(t)]);
      export const others = crm.table("notes", { ...tenantKey(), noteId: uuid("note_id") }, (t) => [withTenantRls(t),
        tenantForeignKey(t, { columns: [t.noteId], foreignColumns: [notes.id], onDelete: "set null" })]);`,
    tenants: UUIDS,
    insert: [
      "insert into kb.notes default values",
      'insert into "CRM data".notes (note_id) select id from kb.notes',
    ],
    count: ["select count(*)::int as n from kb.notes", 'select count(*)::int as n from "CRM data".notes'],
  },
  {
    title: "names that need quotes",
    schema: `export const weird = pgTable("Weird Table", { ...tenantKey(), camelCase: text(), when: text("select"), percent: text("100%"), dollar: text("a$b") , uni: text("größe") },
        (t) => [withTenantRls(t, { audit: true, secret: [t.percent] }), unique("Odd 'name'").on(t.creatorId, t.camelCase)]);
      export const long = pgTable("${"x".repeat(63)}", { ...tenantKey(), parentId: uuid("${"p".repeat(63)}"), n: serial("${"n".repeat(60)}") }, (t) => [withTenantRls(t),
        tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })]);
      export const unicode = pgTable("заметки_日本語", { ...tenantKey(), n: serial("число"), updatedAt: timestamp("updated_at") }, (t) => [withTenantRls(t)]);
      export const log = pgTable("Log's", { ...tenantKey(), actor: text("Actor"), action: text(), tableName: text("table"), rowId: text("row"),
        before: jsonb("old"), after: jsonb("new"), requestId: text("request id") }, (t) => [tenantAuditLog(t)]);`,
    tenants: UUIDS,
    insert: [
      `insert into "Weird Table" ("camelCase", "select", "100%") values ('x', 'y', 'secret')`,
      `insert into "${"x".repeat(63)}" default values`,
      `insert into "заметки_日本語" default values`,
      `update "заметки_日本語" set "число" = 7`,
    ],
    count: [
      `select count(*)::int as n from "Weird Table"`,
      `select count(*)::int as n from "${"x".repeat(63)}"`,
      `select count(*)::int as n from "заметки_日本語" where updated_at is not null`,
      `select count(*)::int as n from "Log's" where not new ? '100%' and new ->> 'camelCase' = 'x'`,
    ],
  },
  {
    title: "identity, generated and enum columns, and references to its own table",
    schema: `export const mood = pgEnum("mood", ["good", "it's bad"]);
      export const notes = pgTable("notes", { ...tenantKey(), number: integer().generatedAlwaysAsIdentity(), other: bigint({ mode: "number" }).generatedByDefaultAsIdentity(),
        big: bigserial({ mode: "number" }), title: text().notNull(), length: integer().generatedAlwaysAs(sql\`char_length(title)\`), mood: mood().notNull().default("it's bad"),
        parentId: uuid("parent_id"), updatedAt: timestamp("updated_at").notNull().defaultNow() },
        (t) => [withTenantRls(t), tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })]);`,
    tenants: UUIDS,
    insert: [
      "insert into notes (title) values ('abc')",
      "insert into notes (title, parent_id) select 'child', id from notes",
      "update notes set title = 'parent' where parent_id is null",
      "delete from notes where parent_id is null",
    ],
    count: [
      "select count(*)::int as n from notes where parent_id is null and length = 5 and mood = 'it''s bad'",
    ],
  },
  {
    title: "a view that asks the policies of who reads it",
    schema: `${simple}\nexport const titles = pgView("titles").with({ securityInvoker: true }).as((qb) => qb.select({ title: notes.title }).from(notes));`,
    tenants: UUIDS,
    insert: simpleUse.insert,
    count: ["select count(*)::int as n from titles"],
  },
];

describe("create, migrate and a service's login", () => {
  it.each(CASES)("agree on $title", async (one) => {
    const project = await makeProject({ tenancy: one.tenancy ?? {} });
    const database = await createEmptyDatabase();
    await project.write(one.schema);
    await project.advance(database, "init");
    const roles = {
      tenant: one.tenancy?.roles?.tenant ?? "app_tenant",
      setting: one.tenancy?.setting ?? "app.creator_id",
    };
    if (one.ownRoles === true)
      onTestFinished(() => dropRoles(database, ["Shop's Tenant", "shop-door", "shop admin's"]));
    const asTenant = await makeService(database, roles);
    for (const tenant of one.tenants)
      for (const statement of one.insert) await asTenant(tenant, (session) => session.unsafe(statement));
    for (const query of one.count) {
      for (const tenant of one.tenants)
        expect(await asTenant(tenant, (session) => session.unsafe(query)), query).toEqual([{ n: 1 }]);
      expect(await asTenant(undefined, (session) => session.unsafe(query)), query).toEqual([{ n: 0 }]);
    }
  });
});
