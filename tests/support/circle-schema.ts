import type { EmptyDatabase } from "../../src/testing/index.js";

/** Mixed case throughout, a root that refers to a tenant table, and a circle in which nothing may be null. */
export const CIRCLE_SCHEMA = `
export const orgs = pgTable("Orgs", { ...tenantRootKey(), name: text("Full Name").notNull(), lead: uuid("Lead") }, (t) => [
  tenantRoot(t, { audit: true }),
  foreignKey({ name: "Orgs_lead", columns: [t.id, t.lead], foreignColumns: [nodes.orgId, nodes.id] }),
]);
export const nodes = pgTable("Nodes", { ...tenantKey(), first: uuid("First Edge").notNull() }, (t) => [
  withTenantRls(t, { audit: true }),
  tenantForeignKey(t, { columns: [], foreignColumns: [orgs.id], onDelete: "cascade" }),
  foreignKey({ name: "Nodes_first", columns: [t.orgId, t.first], foreignColumns: [edges.orgId, edges.id] }),
]);
export const edges = pgTable("edges", { ...tenantKey(), node: uuid("Node").notNull() }, (t) => [
  withTenantRls(t),
  tenantForeignKey(t, { columns: [t.node], foreignColumns: [nodes.id], onDelete: "restrict" }),
]);
export const log = pgTable("Log", { ...tenantKey(), actor: text("actor"), action: text("action").notNull(),
  tableName: text("table_name").notNull(), rowId: text("row_id"), before: jsonb("before"), after: jsonb("after"),
  requestId: text("request_id"), note: text("note").notNull().default("") }, (t) => [tenantAuditLog(t)]);
export const countries = pgTable("countries", { code: text("code").primaryKey() }, (t) => [globalTable(t, { reason: "ISO" })]);`;

/** Makes a tenant with a row in each. */
export async function fillCircle({ admin }: EmptyDatabase, id: string): Promise<void> {
  const [node, edge] = [crypto.randomUUID(), crypto.randomUUID()];
  await admin`insert into "Orgs" (id, "Full Name") values (${id}, ${`${id} GmbH`})`;
  await admin`with e as (insert into edges ("orgId", id, "Node") values (${id}, ${edge}, ${node}))
    insert into "Nodes" ("orgId", id, "First Edge") values (${id}, ${node}, ${edge})`;
  await admin`update "Orgs" set "Lead" = ${node} where id = ${id}`;
}
