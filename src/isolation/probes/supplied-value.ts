import { is, SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { TenantryError } from "../../core/errors.js";
import { castTo } from "./column-choices.js";
import type { ShapeColumn } from "./table-shape.js";

const dialect = new PgDialect();

/**
 * A value from the project as an SQL expression of the column's type, as Drizzle would send it.
 *
 * @throws TenantryError `config-invalid` for what no column takes, such as a function.
 */
export function suppliedValue(table: string, column: ShapeColumn, value: unknown): string {
  if (is(value, SQL))
    return `cast(${dialect.sqlToQuery(value.inlineParams()).sql.trim()} as ${column.sqlType})`;
  if (value === null) return castTo(column, null);
  const isJson = /^jsonb?$/.test(column.sqlType);
  const text = isJson ? JSON.stringify(value) : textOf(value);
  // What PostgreSQL cannot store in any type.
  if (text !== undefined && !text.includes("\0")) return castTo(column, text);
  throw new TenantryError({
    code: "config-invalid",
    message: `The probes cannot use what drizzle.config.ts gives for ${table}.${column.name}: a value of type ${typeof value}.`,
    hint: "Give a text, number, boolean, date, bytes, an array of them, null, or sql`…`.",
  });
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  if (!Array.isArray(value)) return undefined;
  const elements = value.map((element) => (element === null ? "null" : quoted(element)));
  return elements.includes(undefined) ? undefined : `{${elements.join(",")}}`;
}

function quoted(element: unknown): string | undefined {
  const text = textOf(element);
  // Arrays in arrays are not quoted.
  if (text === undefined || Array.isArray(element)) return text;
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
