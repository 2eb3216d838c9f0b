import { quoteIdentifier, quoteLiteral } from "../core/identifiers.js";
import type { TenancySettings } from "../core/tenancy-settings.js";

/** The part of the settings that the expression depends on. */
export type ExpressionSettings = Pick<TenancySettings, "setting" | "policyForm">;

/** The type that a setting is cast to, for each column type that may hold a tenant id. */
const CONTEXT_TYPES: Readonly<Record<string, string>> = {
  uuid: "uuid",
  text: "text",
  varchar: "text",
  smallint: "smallint",
  smallserial: "smallint",
  integer: "integer",
  serial: "integer",
  bigint: "bigint",
  bigserial: "bigint",
};

/** The type to cast the context to for a column of this SQL type, or undefined if it cannot hold a tenant id. */
export function contextType(columnSqlType: string): string | undefined {
  return CONTEXT_TYPES[columnSqlType.toLowerCase().replace(/\(\d+\)$/, "")];
}

/**
 * The tenant context as a value: NULL when there is none. `nullif` because the setting is `''`, not NULL, on a
 * connection that has had one before. `cast` and not `::`, because drizzle-kit loses a trailing `::` in defaults.
 */
export function contextValue(settings: Pick<TenancySettings, "setting">, type: string): string {
  return `cast(nullif(current_setting(${quoteLiteral(settings.setting)}, true), '') as ${type})`;
}

/**
 * The one policy expression: this row's tenant is the tenant of the context. The subselect makes PostgreSQL evaluate
 * the context once per statement and not per row; Citus refuses subqueries in policies, so its form leaves it out.
 *
 * @example tenantExpression({ setting: "app.creator_id", policyForm: "initplan" }, "creator_id", "uuid")
 * // "creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))
 */
export function tenantExpression(settings: ExpressionSettings, column: string, type: string): string {
  const value = contextValue(settings, type);
  return `${quoteIdentifier(column)} = ${settings.policyForm === "citus" ? value : `(select ${value})`}`;
}
