import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { codeOf } from "../../core/errors.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Database } from "../../postgres/connect.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import type { PlannedDestruction } from "./find-destructions.js";

type TargetTable = {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
};

/**
 * Those of planned destructions that meet something: rows, or values in the column. What is not there (any more, or yet) and
 * what is empty is in no danger.
 */
export async function findEndangered(
  database: Database,
  planned: readonly PlannedDestruction[],
  ledger: LedgerPlace,
): Promise<PlannedDestruction[]> {
  if (planned.length === 0) return [];
  const tables = await readTargetTables(database, ledger);
  const known = new Map<string, Promise<boolean>>();
  const hasRows = (table: TargetTable, column?: string) => {
    const sql = `select from ${qualify(table.schema, table.name)}${column === undefined ? "" : ` where ${quoteIdentifier(column)} is not null`} limit 1`;
    const asked = known.get(sql) ?? findsRow(database, sql);
    known.set(sql, asked);
    return asked;
  };
  const found: PlannedDestruction[] = [];
  for (const one of planned) if (await meets(one, tables, hasRows)) found.push(one);
  return found;
}

async function meets(
  { table, column, widensTo }: PlannedDestruction,
  tables: readonly TargetTable[],
  hasRows: (table: TargetTable, column?: string) => Promise<boolean>,
): Promise<boolean> {
  const meant = tables.filter(
    ({ schema, name }) =>
      (table?.schema === undefined || table.schema === schema) && (table?.name ?? name) === name,
  );
  for (const one of meant) {
    const found = column === undefined ? undefined : one.columns.find(({ name }) => name === column);
    if (column !== undefined && found === undefined) continue;
    if (widensTo === "text" && /^(text|character varying)/.test(found?.type ?? "")) continue;
    if (await hasRows(one, column)) return true;
  }
  return false;
}

async function readTargetTables(database: Database, ledger: LedgerPlace): Promise<TargetTable[]> {
  return await database<TargetTable[]>`
    select n.nspname as schema, c.relname as name,
           (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))), '[]')
            from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', ${ENGINE_SCHEMA})
      and not (n.nspname = ${ledger.schema} and c.relname = ${ledger.table})
    order by 1, 2`;
}

/** What row security hides from this login, or what it may not read, may well be there. */
async function findsRow(database: Database, sql: string): Promise<boolean> {
  try {
    return await database.begin("read only", async (session) => {
      await session`set local row_security = off`;
      return (await session.unsafe(sql)).length > 0;
    });
  } catch (thrown) {
    if (codeOf(thrown) !== "42501") throw thrown;
    return true;
  }
}
