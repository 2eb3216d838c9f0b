import { describe, expect, it } from "vitest";
import { createEmptyDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";

const AUDIT_LOG = `
export const auditLog = pgTable("audit_log", { ...tenantKey(), actor: text(), action: text().notNull(), tableName: text("table_name").notNull(),
  rowId: text("row_id"), before: jsonb(), after: jsonb(), requestId: text("request_id") }, (t) => [tenantAuditLog(t)]);`;

const TENANT = "00000000-0000-7000-8000-000000000001";

/** Statements that no migration may contain for a table that still exists. */
const UNPROTECTS = /disable\s+row\s+level\s+security|no\s+force/i;

type Step = {
  readonly title: string;
  readonly before: string;
  readonly after: string;
  readonly rename?: readonly string[];
  readonly create?: readonly string[];
  /** What the second migration must contain. */
  readonly contains?: readonly (string | RegExp)[];
  /** What it must not contain. */
  readonly lacks?: readonly (string | RegExp)[];
  /** Rows made in between. */
  readonly rows?: readonly string[];
  /** A query that must give one row with `ok: true` at the end. */
  readonly proves?: string;
};

const notes = (columns = "title: text().notNull()", extra = "withTenantRls(t)", name = "notes") =>
  `export const notes = pgTable("${name}", { ...tenantKey(), ${columns} }, (t) => [${extra}]);`;

const insertNote = `insert into notes (creator_id, title) values ('${TENANT}', 'kept')`;
const audited = (table: string) => `${AUDIT_LOG}\n${table}`;
const members = (columns: string, extra: string) =>
  `export const members = pgTable("members", { ...tenantColumn(), ${columns} }, (t) => [${extra}]);`;

const STEPS: readonly Step[] = [
  {
    title: "a table is added",
    before: notes(),
    after: `${notes()}\nexport const tags = pgTable("tags", { ...tenantKey(), noteId: uuid("note_id") }, (t) => [withTenantRls(t),
      tenantForeignKey(t, { columns: [t.noteId], foreignColumns: [notes.id], onDelete: "set null" })]);`,
    contains: [/grant select, insert, update, delete on "public"."tags"/],
    lacks: [/on "public"."notes"/],
    rows: [insertNote],
    proves: "select count(*) = 1 as ok from notes",
  },
  {
    title: "a column is added",
    before: notes(),
    after: notes('title: text().notNull(), body: text().notNull().default("")'),
    lacks: [/grant|policy|row level/i],
    rows: [insertNote],
    proves: "select body = '' as ok from notes",
  },
  {
    title: "an updated_at column is added",
    before: notes(),
    after: notes(
      'title: text().notNull(), updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow()',
    ),
    contains: [/tenantry_touch/],
    rows: [insertNote],
    proves: "select count(*) = 1 as ok from notes",
  },
  {
    title: "commands are narrowed",
    before: notes(),
    after: notes(undefined, 'withTenantRls(t, { commands: ["select", "insert"] })'),
    contains: [
      /revoke all on "public"."notes" from "app_tenant"/,
      /grant select, insert on "public"."notes" to "app_tenant"/,
    ],
    proves:
      "select not has_table_privilege('app_tenant', 'notes', 'update') and has_table_privilege('app_tenant', 'notes', 'insert') as ok",
  },
  {
    title: "commands are widened",
    before: notes(undefined, 'withTenantRls(t, { commands: ["select"] })'),
    after: notes(),
    proves:
      "select has_table_privilege('app_tenant', 'notes', 'delete') and not has_table_privilege('app_tenant', 'notes', 'truncate') as ok",
  },
  {
    title: "audit is switched on",
    before: notes(),
    after: audited(notes(undefined, "withTenantRls(t, { audit: true })")),
    contains: [/create or replace trigger "tenantry_audit"/],
    proves:
      "select exists (select from pg_trigger where tgname = 'tenantry_audit' and tgrelid = 'notes'::regclass) as ok",
  },
  {
    title: "audit is switched off, and its log dropped",
    before: audited(notes(undefined, "withTenantRls(t, { audit: true })")),
    after: notes(),
    contains: [/drop trigger "tenantry_audit"/, /drop function "tenantry"\."audit_into/],
    rows: [insertNote],
    proves: "select not exists (select from pg_trigger where tgname = 'tenantry_audit') as ok",
  },
  {
    title: "audit is switched off, and its log kept",
    before: audited(notes(undefined, "withTenantRls(t, { audit: true })")),
    after: audited(notes()),
    contains: [/drop trigger "tenantry_audit"/],
    rows: [insertNote],
    proves: "select count(*) = 1 as ok from audit_log",
  },
  {
    title: "a column becomes secret",
    before: audited(notes(undefined, "withTenantRls(t, { audit: true })")),
    after: audited(notes(undefined, "withTenantRls(t, { audit: true, secret: [t.title] })")),
    contains: [`'{"title"}'`],
    rows: [insertNote],
    proves: "select count(*) = 1 as ok from audit_log where after ? 'title'",
  },
  {
    title: "the audit log is renamed",
    before: audited(notes(undefined, "withTenantRls(t, { audit: true })")),
    after: audited(notes(undefined, "withTenantRls(t, { audit: true })")).replaceAll(
      '"audit_log"',
      '"journal"',
    ),
    rename: ["audit_log=journal"],
    contains: [/audit_into_public_journal/, /drop function "tenantry"\."audit_into_public_audit_log"/],
    rows: [insertNote],
    proves: "select count(*) = 1 as ok from journal",
  },
  {
    title: "a column of the audit log is renamed",
    before: audited(notes(undefined, "withTenantRls(t, { audit: true })")),
    after: audited(notes(undefined, "withTenantRls(t, { audit: true })")).replace(
      "actor: text()",
      'actor: text("who")',
    ),
    rename: ["audit_log.actor=audit_log.who"],
    contains: [/create or replace function/],
  },
  {
    title: "a table is dropped",
    before: `${notes()}\nexport const tags = pgTable("tags", { ...tenantKey() }, (t) => [withTenantRls(t)]);`,
    after: notes(),
    contains: [/drop table "tags"/i],
    rows: [insertNote],
    proves: "select count(*) = 1 as ok from notes",
  },
  {
    title: "the audited table is dropped",
    before: `${audited(notes())}\nexport const tags = pgTable("tags", { ...tenantKey() }, (t) => [withTenantRls(t, { audit: true })]);`,
    after: audited(notes()),
    contains: [/drop table "tags"/i, /drop function/],
  },
  {
    title: "a table is renamed",
    before: audited(
      `export const owners = pgTable("owners", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);
       export const notes = pgTable("notes", { ...tenantKey(), parentId: uuid("parent_id"), slug: text().notNull() }, (t) => [
         withTenantRls(t, { audit: true, secret: [t.slug] }), unique().on(t.creatorId, t.slug), index("notes_slug_idx").on(t.creatorId, t.slug),
         check("notes_slug_check", sql\`\${t.slug} <> ''\`), tenantForeignKey(t, { columns: [], foreignColumns: [owners.id], onDelete: "cascade" }),
         tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })]);`,
    ),
    after: audited(
      `export const owners = pgTable("owners", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);
       export const articles = pgTable("articles", { ...tenantKey(), parentId: uuid("parent_id"), slug: text().notNull() }, (t) => [
         withTenantRls(t, { audit: true, secret: [t.slug] }), unique().on(t.creatorId, t.slug), index("articles_slug_idx").on(t.creatorId, t.slug),
         check("articles_slug_check", sql\`\${t.slug} <> ''\`), tenantForeignKey(t, { columns: [], foreignColumns: [owners.id], onDelete: "cascade" }),
         tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })]);`,
    ),
    rename: ["notes=articles"],
    contains: [/rename to "articles"/i],
    lacks: [/drop table/i, /create table/i],
    rows: [
      `insert into owners (id) values ('${TENANT}')`,
      `insert into notes (creator_id, slug) values ('${TENANT}', 'kept')`,
    ],
    proves: "select slug = 'kept' as ok from articles",
  },
  {
    title: "a column is renamed",
    before: notes(
      "title: text().notNull()",
      "withTenantRls(t), index('notes_title_idx').on(t.creatorId, t.title)",
    ),
    after: notes(
      "heading: text().notNull()",
      "withTenantRls(t), index('notes_heading_idx').on(t.creatorId, t.heading)",
    ),
    rename: ["notes.title=notes.heading"],
    contains: [/rename column "title" to "heading"/i],
    rows: [insertNote],
    proves: "select heading = 'kept' as ok from notes",
  },
  {
    title: "a secret column is renamed",
    before: audited(notes(undefined, "withTenantRls(t, { audit: true, secret: [t.title] })")),
    after: audited(
      notes("heading: text().notNull()", "withTenantRls(t, { audit: true, secret: [t.heading] })"),
    ),
    rename: ["notes.title=notes.heading"],
    contains: [`'{"heading"}'`],
    rows: [insertNote],
    proves: "select not exists (select from audit_log where after::text like '%kept%') as ok",
  },
  {
    title: "a primary key column of an audited table is renamed",
    before: audited(
      members(
        "code: text().notNull()",
        "withTenantRls(t, { audit: true }), primaryKey({ columns: [t.creatorId, t.code] })",
      ),
    ),
    after: audited(
      members(
        "number: text().notNull()",
        "withTenantRls(t, { audit: true }), primaryKey({ columns: [t.creatorId, t.number] })",
      ),
    ),
    rename: ["members.code=members.number"],
    contains: [`'{"creator_id","number"}'`],
    rows: [`insert into members (creator_id, code) values ('${TENANT}', 'm1')`],
    proves: "select number = 'm1' as ok from members",
  },
  {
    title: "table and column are renamed at once",
    before: audited(notes(undefined, "withTenantRls(t, { audit: true, secret: [t.title] })")),
    after: audited(
      notes(
        "heading: text().notNull()",
        "withTenantRls(t, { audit: true, secret: [t.heading] })",
        "articles",
      ),
    ),
    rename: ["notes=articles", "articles.title=articles.heading"],
    lacks: [/drop table/i, /create table/i, /drop column/i],
    rows: [insertNote],
    proves: "select heading = 'kept' as ok from articles",
  },
  {
    title: "a table is replaced by another of its kind",
    before: notes(),
    after: notes(undefined, undefined, "articles"),
    create: ["articles"],
    contains: [/drop table "notes"/i, /create table "articles"/i],
    proves: "select count(*) = 0 as ok from articles",
  },
  {
    title: "a tenant table becomes global",
    before: notes(),
    after: notes(
      undefined,
      'globalTable(t, { reason: "a list of countries" }), primaryKey({ name: "notes_pkey", columns: [t.creatorId, t.id] })',
    ),
    rows: [insertNote],
    proves:
      "select count(*) = 1 and not has_table_privilege('app_tenant', 'notes', 'insert') as ok from notes",
  },
  {
    title: "a global table becomes a tenant table",
    before: notes(
      undefined,
      'globalTable(t, { reason: "a list of countries" }), primaryKey({ name: "notes_pkey", columns: [t.creatorId, t.id] })',
    ),
    after: notes(),
    rows: [insertNote],
    proves: "select count(*) = 1 and has_table_privilege('app_tenant', 'notes', 'insert') as ok from notes",
  },
  {
    title: "a policy of one's own is added",
    before: notes(),
    after: notes(
      undefined,
      "withTenantRls(t), pgPolicy('notes_extra', { as: 'restrictive', for: 'delete', to: pgRole('app_tenant').existing(), using: sql`title <> 'kept'` })",
    ),
    contains: [/create policy "notes_extra"/i],
  },
  {
    title: "the WITH CHECK of a policy of one's own is removed",
    before: notes(
      undefined,
      "withTenantRls(t), pgPolicy('notes_extra', { as: 'restrictive', for: 'all', to: pgRole('app_tenant').existing(), using: sql`title <> 'a'`, withCheck: sql`title <> 'b'` })",
    ),
    after: notes(
      undefined,
      "withTenantRls(t), pgPolicy('notes_extra', { as: 'restrictive', for: 'all', to: pgRole('app_tenant').existing(), using: sql`title <> 'a'` })",
    ),
    proves: "select polwithcheck is null as ok from pg_policy where polname = 'notes_extra'",
  },
  {
    title: "a policy of one's own is removed",
    before: notes(
      undefined,
      "withTenantRls(t), pgPolicy('notes_extra', { as: 'restrictive', for: 'delete', to: pgRole('app_tenant').existing(), using: sql`title <> 'kept'` })",
    ),
    after: notes(),
    contains: [/drop policy "notes_extra"/i],
  },
  {
    title: "a reference that nulled its column no longer does",
    before: notes(
      'parentId: uuid("parent_id"), title: text()',
      'withTenantRls(t), tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })',
    ),
    after: notes(
      'parentId: uuid("parent_id"), title: text()',
      "withTenantRls(t), tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id] })",
    ),
    rows: [insertNote],
    proves: "select confdeltype = 'a' as ok from pg_constraint where conname = 'notes_parent_id_fk'",
  },
  {
    title: "a reference that nulled its column cascades",
    before: notes(
      'parentId: uuid("parent_id"), title: text()',
      'withTenantRls(t), tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })',
    ),
    after: notes(
      'parentId: uuid("parent_id"), title: text()',
      'withTenantRls(t), tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "cascade" })',
    ),
    rows: [insertNote],
    proves: "select confdeltype = 'c' as ok from pg_constraint where conname = 'notes_parent_id_fk'",
  },
  {
    title: "a reference that cascaded nulls its column",
    before: notes(
      'parentId: uuid("parent_id"), title: text()',
      'withTenantRls(t), tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "cascade" })',
    ),
    after: notes(
      'parentId: uuid("parent_id"), title: text()',
      'withTenantRls(t), tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" })',
    ),
    rows: [insertNote],
    proves:
      "select confdeltype = 'n' and cardinality(confdelsetcols) = 1 as ok from pg_constraint where conname = 'notes_parent_id_fk'",
  },
  {
    title: "a column under a view is renamed",
    before: `${notes("title: text().notNull()")}
      export const titles = pgView("titles").with({ securityInvoker: true }).as((qb) => qb.select({ title: notes.title }).from(notes));`,
    after: `${notes("heading: text().notNull()")}
      export const titles = pgView("titles").with({ securityInvoker: true }).as((qb) => qb.select({ title: notes.heading }).from(notes));`,
    rename: ["notes.title=notes.heading"],
    rows: [insertNote],
    proves: "select has_table_privilege('app_tenant', 'titles', 'select') and count(*) = 1 as ok from titles",
  },
  {
    title: "a view no longer asks the policies of who reads it",
    before: `${notes()}
      export const titles = pgView("titles").with({ securityInvoker: true }).as((qb) => qb.select({ title: notes.title }).from(notes));`,
    after: `${notes()}
      export const titles = pgView("titles").as((qb) => qb.select({ title: notes.title }).from(notes));`,
    contains: [/revoke all on "public"."titles" from "app_tenant"/],
    proves: "select not has_table_privilege('app_tenant', 'titles', 'select') as ok",
  },
  {
    title: "a serial column is added",
    before: notes(),
    after: notes("title: text().notNull(), number: serial()"),
    contains: [/grant usage on sequence/],
    rows: [insertNote],
    proves:
      "select has_sequence_privilege('app_tenant', pg_get_serial_sequence('notes', 'number'), 'usage') as ok",
  },
];

describe("a migration from one schema to the next", () => {
  it.each(STEPS)("is complete when $title", async (step) => {
    const [project, database] = await Promise.all([makeProject(), createEmptyDatabase()]);
    await project.write(step.before);
    await project.create("init");
    await project.migrate(database.adminUrl);
    for (const statement of step.rows ?? []) await database.admin.unsafe(statement);
    await project.write(step.after);
    const sql = await project.advance(database, "next", {
      ...(step.rename === undefined ? {} : { rename: step.rename }),
      ...(step.create === undefined ? {} : { create: step.create }),
    });
    expect(sql).not.toMatch(UNPROTECTS);
    for (const text of step.contains ?? []) expect(sql).toMatch(text);
    for (const text of step.lacks ?? []) expect(sql).not.toMatch(text);
    if (step.proves !== undefined)
      expect(await database.admin.unsafe(step.proves)).toMatchObject([{ ok: true }]);
  });
});
