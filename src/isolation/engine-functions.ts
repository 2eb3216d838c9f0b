import { ENGINE_SCHEMA } from "../core/engine-schema.js";
import { fitIdentifier, qualify, quoteIdentifier, quoteLiteral } from "../core/identifiers.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import type { AuditLogColumns } from "../rls/table-declaration.js";
import type { ExpectedTable } from "./expected.js";

/** A function that the completion creates. */
export type EngineFunction = { readonly name: string; readonly create: string };

/**
 * UUID version 7 (RFC 9562) in plain SQL, the same on every server: 48 bits of milliseconds laid over a random
 * version 4, then the version's bits set from 0100 to 0111. PostgreSQL 18's own uuidv7() would make the catalogs of
 * two servers differ.
 */
export function uuidV7Function(): EngineFunction {
  const name = "uuid_v7";
  return {
    name,
    create: `create or replace function ${qualify(ENGINE_SCHEMA, name)}() returns uuid
  language sql volatile parallel safe set search_path = pg_catalog, pg_temp
  as $body$
    select cast(encode(set_bit(set_bit(overlay(
      uuid_send(gen_random_uuid())
      placing substring(int8send(cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)) from 3)
      from 1 for 6), 52, 1), 53, 1), 'hex') as uuid)
  $body$`,
  };
}

/** Sets the column that the trigger names to the time of the transaction. */
export function touchFunction(): EngineFunction {
  const name = "touch_updated_at";
  return {
    name,
    create: `create or replace function ${qualify(ENGINE_SCHEMA, name)}() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $body$
  begin
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], now()));
  end
  $body$`,
  };
}

/**
 * Writes one audit row for a changed row, as whoever changed it: the policies of the audit log bind this, too.
 * Arguments of the trigger: the tenant column, the primary key as an array, the secret columns as an array.
 */
export function auditFunction(
  settings: TenancySettings,
  log: ExpectedTable,
  columns: AuditLogColumns,
): EngineFunction {
  const name = fitIdentifier(`audit_into_${log.schema}_${log.name}`, "");
  // The column that tenantry_touch has moved before; a row that is otherwise as it was has not changed.
  const untouched = settings.updatedAtColumn === false ? "" : ` - ${quoteLiteral(settings.updatedAtColumn)}`;
  const setting = (of: string) => `nullif(current_setting(${quoteLiteral(of)}, true), '')`;
  const { tenantColumn, tenantType } = log.declaration ?? {};
  const values: readonly (readonly [string, string])[] = [
    [
      tenantColumn ?? settings.column,
      `cast(coalesce(new_row, old_row) ->> tg_argv[0] as ${tenantType ?? settings.columnType})`,
    ],
    [columns.actor, setting(settings.actorSetting)],
    [columns.action, "lower(tg_op)"],
    [
      columns.tableName,
      "case tg_table_schema when 'public' then tg_table_name else tg_table_schema || '.' || tg_table_name end",
    ],
    [columns.rowId, "row_id"],
    [columns.before, "old_row - cast(tg_argv[2] as text[])"],
    [columns.after, "new_row - cast(tg_argv[2] as text[])"],
    [columns.requestId, setting(settings.requestIdSetting)],
    ...(columns.ip === undefined
      ? []
      : [[columns.ip, `cast(${setting(settings.ipSetting)} as inet)`] as const]),
  ];
  return {
    name,
    create: `create or replace function ${qualify(ENGINE_SCHEMA, name)}() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $body$
  declare
    old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
    new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
    row_id text;
  begin
    if old_row${untouched} = new_row${untouched} then
      return null;
    end if;
    select string_agg(coalesce(new_row, old_row) ->> part, '/' order by position) into row_id
      from unnest(cast(tg_argv[1] as text[])) with ordinality as key(part, position)
      where part <> tg_argv[0] or cardinality(cast(tg_argv[1] as text[])) = 1;
    insert into ${qualify(log.schema, log.name)} (${values.map(([column]) => quoteIdentifier(column)).join(", ")})
    values (
      ${values.map(([, value]) => value).join(",\n      ")}
    );
    return null;
  end
  $body$`,
  };
}

/** A text array as a literal inside a string literal: the arguments of a trigger are plain texts. */
export function arrayArgument(elements: readonly string[]): string {
  const quoted = elements.map((element) => `"${element.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);
  return quoteLiteral(`{${quoted.join(",")}}`);
}
