import { type SQL, sql } from "drizzle-orm";
import { is } from "drizzle-orm/entity";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { TenantryError } from "../../core/errors.js";
import type { TenantColumnType } from "../../core/tenancy-settings.js";
import { declarationOf } from "../../rls/table-declaration.js";

/** What is written down about work on all tenants' rows. */
export type AdminRecord = {
  /** Undefined for work that is about no one tenant. */
  readonly tenant: string | undefined;
  readonly actor: string;
  readonly reason: string;
  readonly requestId: string | undefined;
  /** What else stands beside the reason, as JSON. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
};

/** The word in the log's `action`, and what stands for the name of a table. */
const ACTION = "admin";
const EVERY_TABLE = "*";

/** Whose log it is where no tenant is named: no id of a tenant, so that no tenant's context shows it. */
const NOBODY: Readonly<Record<TenantColumnType, string>> = {
  uuid: "00000000-0000-0000-0000-000000000000",
  text: "",
  integer: "0",
  bigint: "0",
};

/**
 * The statement that writes it down, into the table that is declared with `tenantAuditLog`.
 *
 * @param tables those of the relations of `connect()`.
 * @throws TenantryError `schema-invalid` if none of them is.
 */
export function adminRecordSql(
  tables: readonly unknown[],
  columnType: TenantColumnType,
  record: AdminRecord,
): SQL {
  for (const table of tables) {
    if (!is(table, PgTable)) continue;
    // Drizzle evaluates a table's extras lazily, and the declaration with them.
    const { name, schema = "public" } = getTableConfig(table);
    const { auditLog, tenantColumn, tenantType = columnType } = declarationOf(table) ?? {};
    if (auditLog === undefined || tenantColumn === undefined) continue;
    const why = sql`cast(${record.reason} as text)`;
    const values: readonly (readonly [string, SQL])[] = [
      [tenantColumn, sql`cast(${record.tenant ?? NOBODY[columnType]} as ${sql.raw(tenantType)})`],
      [auditLog.actor, sql`${record.actor}`],
      [auditLog.action, sql`${ACTION}`],
      [auditLog.tableName, sql`${EVERY_TABLE}`],
      [
        auditLog.after,
        sql`pg_catalog.jsonb_build_object('reason', ${why}, 'login', session_user)${more(record)}`,
      ],
      [auditLog.requestId, sql`${record.requestId ?? null}`],
    ];
    const columns = sql.join(
      values.map(([column]) => sql.identifier(column)),
      sql`, `,
    );
    const list = sql.join(
      values.map(([, value]) => value),
      sql`, `,
    );
    return sql`insert into ${sql.identifier(schema)}.${sql.identifier(name)} (${columns}) values (${list})`;
  }
  throw new TenantryError({
    code: "schema-invalid",
    message:
      "No table of the relations is declared with tenantAuditLog, so that db.asAdmin() could not be written down.",
    hint: "Pass the generated relations to connect({ relations }), with the audit log among them.",
  });
}

function more({ details }: AdminRecord): SQL {
  return details === undefined ? sql`` : sql` || cast(${JSON.stringify(details)} as text)::jsonb`;
}
