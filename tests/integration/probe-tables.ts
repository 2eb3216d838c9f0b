import { bigint, integer, pgSchema, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import type { TenancyOptions } from "../../src/core/tenancy-settings.js";
import { catalogScope } from "../../src/isolation/catalog-scope.js";
import { demandSql, listDemands } from "../../src/isolation/demands.js";
import { readExpected } from "../../src/isolation/expected.js";
import type { ProbeOptions } from "../../src/isolation/probes/probe-database.js";
import { probeDatabase } from "../../src/isolation/probes/probe-database.js";
import type { ProbeReport } from "../../src/isolation/probes/probe-report.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { defineTenancy } from "../../src/rls/define-tenancy.js";
import type { TenantRlsOptions } from "../../src/rls/with-tenant-rls.js";
import { createEmptyDatabase } from "../support/databases.js";

/** Tables made by hand, which the code then declares, and what is done to them after the completion. */
export type Made = {
  readonly ddl: string;
  /** `table`, `schema.table`, or the two apart; those in `globals` belong to no tenant, `root` to all. */
  readonly tables: readonly (string | readonly [string, string])[];
  readonly root?: string;
  readonly globals?: readonly string[];
  readonly commands?: TenantRlsOptions["commands"];
  readonly after?: string;
  readonly columnType?: "text" | "bigint" | "uuid" | "integer";
  readonly rows?: NonNullable<TenancyOptions["probes"]>["rows"];
  readonly options?: Partial<ProbeOptions>;
};

/** Probes tables whose tenant column is `org`. */
export async function probeTables(made: Made): Promise<ProbeReport & { readonly url: URL }> {
  const columnType = made.columnType ?? "text";
  const org = defineTenancy({
    column: "org",
    columnType,
    setting: "app.org",
    updatedAtColumn: false,
    ...(made.rows === undefined ? {} : { probes: { rows: made.rows } }),
  });
  const idOf = (name: string) =>
    columnType === "bigint" ? bigint(name, { mode: "bigint" }) : { text, uuid, integer }[columnType](name);
  const { admin, adminUrl } = await createEmptyDatabase();
  await admin.unsafe(made.ddl);
  const commands = made.commands === undefined ? {} : { commands: made.commands };
  const declared = [...made.tables, ...(made.globals ?? []), ...(made.root === undefined ? [] : [made.root])];
  const tables = declared.map((name) => {
    const [first = "", ...rest] = typeof name === "string" ? name.split(".") : name;
    const make = (rest.length === 0 ? pgTable : pgSchema(first).table) as typeof pgTable;
    const table = rest.length === 0 ? first : rest.join(".");
    if (name === made.root)
      return make(table, { id: idOf("id").primaryKey() }, (t) => [org.tenantRoot(t as never)]);
    if (made.globals?.some((one) => one === name))
      return make(table, { id: text("id") }, (t) => [org.globalTable(t, { reason: "shared" })]);
    return make(table, { org: idOf("org").notNull() }, (t) => [org.withTenantRls(t, commands)]);
  });
  const expected = readExpected(
    org.settings,
    Object.fromEntries(tables.map((table, at) => [`t${at}`, table])),
  );
  for (const statement of listDemands(expected).flatMap(demandSql)) await admin.unsafe(statement);
  if (made.after !== undefined) await admin.unsafe(made.after);
  return await withDatabase(adminUrl, {}, async (database) => {
    const catalog = await readCatalog(database, catalogScope(expected));
    const report = await probeDatabase({ database, expected, catalog, throwAway: true, ...made.options });
    return { ...report, url: adminUrl };
  });
}
