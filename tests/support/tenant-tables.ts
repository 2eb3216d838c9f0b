import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import * as schema from "../../schema/index.js";
import { type Command, declarationOf } from "../../src/rls/table-declaration.js";

/** What the isolation tests need to know about a table. */
export type TenantTable = {
  readonly name: string;
  /** `creator_id`, or the root's own `id`. */
  readonly tenant: string;
  /** What services may do with it. */
  readonly commands: readonly Command[];
  /** The rest of the primary key, after the tenant column. */
  readonly key: readonly string[];
  /** References to rows of other tenant tables than the root, by their own column. */
  readonly references: readonly { readonly column: string; readonly parent: string }[];
};

/** Every tenant table that the schema exports, the root included. */
export const TENANT_TABLES: readonly TenantTable[] = Object.values<unknown>(schema)
  .filter((value) => is(value, PgTable))
  .map(describeTable);

function describeTable(table: PgTable): TenantTable {
  const config = getTableConfig(table);
  const declaration = declarationOf(table);
  const tenant = declaration?.tenantColumn;
  if (declaration === undefined || tenant === undefined) {
    throw new Error(`${config.name} has no tenant column: global tables have no place in these tests`);
  }
  const primary = [
    ...config.columns.filter((column) => column.primary),
    ...config.primaryKeys.flatMap((key) => key.columns),
  ];
  return {
    name: config.name,
    tenant,
    commands: declaration.commands,
    key: primary.map((column) => column.name).filter((name) => name !== tenant),
    references: config.foreignKeys
      .map((key) => key.reference())
      .flatMap(({ columns, foreignTable }) =>
        columns
          .filter((column) => column.name !== tenant)
          .map((column) => ({ column: column.name, parent: getTableConfig(foreignTable).name })),
      ),
  };
}
