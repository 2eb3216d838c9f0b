import type { ProjectName } from "./mutant.js";

/** What a fault is written with: the same fault, in the words of one project. All names are quoted where they must be. */
export type Names = {
  /** Stands before the ids of what is planted with them. */
  readonly label: string;
  readonly project: ProjectName;
  readonly service: string;
  readonly admin: string;
  readonly door: string;
  readonly setting: string;
  readonly schema: string;
  /** A tenant table, its name without a schema, and its policies. */
  readonly table: string;
  readonly bare: string;
  readonly primaryKey: string;
  readonly policies: { readonly tenant: string; readonly floor: string };
  readonly column: string;
  readonly type: string;
  /** A column of the tenant's type that is not the tenant, made by `alter table` where there is none. */
  readonly text: string;
  /** A tenant's id as a literal. */
  readonly literal: string;
  /** A table that has a foreign key to {@link table}, and its columns for it. */
  readonly child: string;
  readonly reference: string;
  readonly referenceKey: string;
  readonly log: string;
  readonly root: string;
  /** A column of the root that has a text. */
  readonly rootText: string;
  /** The schema file of {@link table}, and where in it the table is isolated and its columns begin. */
  readonly file: string;
  readonly isolated: string;
  readonly columns: string;
  readonly property: string;
  /** The property of {@link text}. */
  readonly textProperty: string;
  readonly exported: string;
};

export const OWN: Names = {
  label: "own",
  project: "own",
  service: "app_tenant",
  admin: "app_admin",
  door: "app_door",
  setting: "app.creator_id",
  schema: "public",
  table: "public.documents",
  bare: "documents",
  primaryKey: "documents_pkey",
  policies: { tenant: "documents_tenant", floor: "documents_floor" },
  column: "creator_id",
  type: "uuid",
  text: "title",
  literal: "'0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d'::uuid",
  child: "public.conversations",
  reference: "document_id",
  referenceKey: "conversations_document_id_fk",
  log: "public.audit_logs",
  root: "public.creators",
  rootText: "display_name",
  file: "schema/documents.ts",
  isolated: "withTenantRls(t, { audit: true }),",
  columns: "...tenantKey(),",
  property: "creatorId",
  textProperty: "title",
  exported: "documents",
};

export const OTHER: Names = {
  label: "other",
  project: "other",
  service: '"Shop Service"',
  admin: '"Shop Admin"',
  door: "shop_door",
  setting: "shop.tenant",
  schema: '"CRM"',
  table: '"CRM"."Contacts"',
  bare: '"Contacts"',
  primaryKey: '"Contacts_pkey"',
  policies: { tenant: '"Contacts_tenant"', floor: '"Contacts_floor"' },
  column: '"AccountId"',
  type: "bigint",
  text: '"LastName"',
  literal: "4711",
  child: '"CRM"."Deals"',
  reference: '"ContactId"',
  referenceKey: '"Deals_ContactId_fk"',
  log: '"CRM"."History"',
  root: '"CRM"."Accounts"',
  rootText: '"Name"',
  file: "schema/crm.ts",
  isolated: "withTenantRls(t, { audit: true, secret: [t.email], exceptions: exceptions.slice(0, 1) }),",
  columns: `...tenantKey(),
    email:`,
  property: "AccountId",
  textProperty: "lastName",
  exported: "contacts",
};

/** The part of the fixture whose tenants are words. */
export const WORDS: Names = {
  ...OTHER,
  label: "words",
  schema: "ops",
  table: "ops.devices",
  bare: "devices",
  primaryKey: "devices_pkey",
  policies: { tenant: "devices_tenant", floor: "devices_floor" },
  column: "site_code",
  type: "text",
  text: "serial_number",
  literal: "'north'",
  child: "ops.readings",
  reference: "device_id",
  referenceKey: "readings_device_id_fk",
  root: "ops.sites",
  rootText: "label",
  file: "schema/ops.ts",
  isolated: `withTenantRls(t),
    tenantForeignKey(t, { columns: [], foreignColumns: [sites.id], onDelete: "cascade" }),`,
  columns: "...tenantKey(), serialNumber",
  property: "siteCode",
  textProperty: "serialNumber",
  exported: "devices",
};

/** The context as a value, as the engine writes it. */
export function context({ setting, type }: Names): string {
  return `(select cast(nullif(current_setting('${setting}', true), '') as ${type}))`;
}

/** The tenant equality. */
export function bound(names: Names): string {
  return `${names.column} = ${context(names)}`;
}
