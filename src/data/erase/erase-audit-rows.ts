import { randomBytes } from "node:crypto";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { AuditLogColumns } from "../../rls/table-declaration.js";
import { isOfTenant } from "../tenant/count-tenant-rows.js";
import type { TenantTable } from "../tenant/tenant-graph.js";

/** What is done to a tenant's rows in the audit log, as SQL; `$1` is the tenant. */
export type AuditErasureSql = {
  readonly statement: string;
  /** Behind `$1`. */
  readonly parameters: readonly string[];
  /** Columns that may hold something about a person and can neither be emptied nor replaced. */
  readonly kept: readonly string[];
};

type LogColumn = {
  readonly name: string;
  /** `D` date or time, `I` address, `S` text, and so on: `pg_type.typcategory`. */
  readonly category: string;
  readonly notNull: boolean;
  /** In the primary key, or computed from other columns. */
  readonly fixed: boolean;
};

/**
 * Writes what becomes of the rows of one tenant in the audit log, by its declaration; undefined where they stay as they are.
 *
 * Pseudonymised, a row still says what was done to which table and when, which of its rows belong together, and which columns
 * had values. Actors and row ids become digests with a salt that is drawn here and stored nowhere, so that they lead to nobody.
 * All other values go.
 */
export async function planAuditErasure(
  session: Session,
  log: TenantTable,
  columns: AuditLogColumns,
  /** The names of all columns of the schema: a key of `before` or `after` that is none may itself tell something. */
  knownColumns: readonly string[],
): Promise<AuditErasureSql | undefined> {
  const place = qualify(log.schema, log.name);
  if (log.auditErasure === "keep") return undefined;
  if (log.auditErasure === "delete")
    return { statement: `delete from ${place} where ${isOfTenant(log)}`, parameters: [], kept: [] };
  const digested = new Set([columns.actor, columns.rowId]);
  const values = new Set([columns.before, columns.after]);
  const untouched = new Set([log.tenantColumn, columns.action, columns.tableName]);
  const sets: string[] = [];
  const kept: string[] = [];
  for (const { name, category, notNull, fixed } of await readColumns(session, log)) {
    const column = quoteIdentifier(name);
    if (fixed || untouched.has(name) || category === "D") continue;
    if (digested.has(name)) sets.push(`${column} = ${digest(column)}`);
    else if (values.has(name)) sets.push(`${column} = ${withoutValues(column)}`);
    else if (!notNull) sets.push(`${column} = null`);
    else if (category === "S") sets.push(`${column} = 'erased'`);
    else kept.push(name);
  }
  const salt = randomBytes(32).toString("hex");
  return {
    statement: `update ${place} set ${sets.join(",\n  ")}\nwhere ${isOfTenant(log)}`,
    parameters: [salt, JSON.stringify(knownColumns)],
    kept,
  };
}

function digest(column: string): string {
  return `'erased-' || left(encode(sha256(convert_to(cast($2 as text) || ${column}, 'UTF8')), 'hex'), 16)`;
}

/** The same keys, each with a null. */
function withoutValues(column: string): string {
  return `case when ${column} is not null then
    (select coalesce(jsonb_object_agg(key, null), '{}')
     from jsonb_object_keys(case jsonb_typeof(${column}) when 'object' then ${column} else '{}' end) as key
     where cast(cast($3 as text) as jsonb) ? key) end`;
}

async function readColumns(session: Session, log: TenantTable): Promise<LogColumn[]> {
  return await session<LogColumn[]>`
    select a.attname as name, t.typcategory as category, a.attnotnull as "notNull",
           (a.attgenerated <> '' or exists (
             select from pg_catalog.pg_constraint k
             where k.conrelid = c.oid and k.contype = 'p' and a.attnum = any(k.conkey))) as fixed
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid
    where n.nspname = ${log.schema} and c.relname = ${log.name} order by a.attnum`;
}
