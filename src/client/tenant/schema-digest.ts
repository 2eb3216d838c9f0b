import { createHash } from "node:crypto";
import { is } from "drizzle-orm/entity";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";

/**
 * What the tables' columns look like, as a digest: results that one version of a service has cached are not rows of
 * another's. Where there is a manifest, its digest says more.
 *
 * @example schemaDigest([documents]) // "9f86d081884c7d65…"
 */
export function schemaDigest(tables: readonly unknown[]): string {
  const described = tables
    .filter((table) => is(table, PgTable))
    .map((table) => {
      const { schema = "public", name, columns } = getTableConfig(table);
      const parts = columns.map((column) => [column.name, column.getSQLType(), column.notNull]);
      return JSON.stringify([schema, name, parts.map((part) => JSON.stringify(part)).sort()]);
    });
  return createHash("sha256").update(JSON.stringify(described.sort())).digest("hex");
}
