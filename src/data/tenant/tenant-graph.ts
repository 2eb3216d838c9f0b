import { tableSubject } from "../../catalog/facts.js";
import { ENGINE_SCHEMA, ENGINE_TABLES } from "../../core/engine-schema.js";
import { TenantryError } from "../../core/errors.js";
import type { Expected } from "../../isolation/expected.js";
import type { Session } from "../../postgres/connect.js";
import type { AuditErasure } from "../../rls/table-declaration.js";
import { tableKey } from "../rows/read-tables.js";
import { findTenantGaps } from "./find-tenant-gaps.js";
import { groupByReferences } from "./group-by-references.js";

/** A table that holds rows of tenants, as the schema declares it and the database has it. */
export type TenantTable = {
  readonly schema: string;
  readonly name: string;
  /** As findings name it. */
  readonly subject: string;
  readonly tenantColumn: string;
  /** What an id is cast to: uuid, text, integer or bigint. */
  readonly tenantType: string;
  readonly isRoot: boolean;
  /** What becomes of the audit log when a tenant is erased; undefined for every other table. */
  readonly auditErasure: AuditErasure | undefined;
};

/** A foreign key; tables by their `tableKey`. */
export type TableReference = {
  readonly constraint: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly foreignTable: string;
  readonly foreignColumns: readonly string[];
};

/** A table of the database. A partition's rows are those of its topmost parent, which stands for it. */
export type FoundTable = {
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "foreign table" | "materialized view";
  readonly columns: readonly string[];
};

/** All tables with rows of tenants, and how they hang together. */
export type TenantGraph = {
  /** Those that are referred to before those that refer to them; a circle of references is one group. */
  readonly groups: readonly (readonly TenantTable[])[];
  readonly tables: readonly TenantTable[];
  /** Among {@link tables}. */
  readonly references: readonly TableReference[];
  /** Materialized views with the tenant column: they keep copies of rows until they are refreshed. */
  readonly copies: readonly string[];
};

/**
 * Reads which tables hold rows of tenants, from the schema's declarations and the database's foreign keys, and compares the
 * two: what works on all rows of one tenant must not miss a table.
 *
 * @throws TenantryError `tenant-incomplete` naming each table that would be missed.
 */
export async function readTenantGraph(session: Session, expected: Expected): Promise<TenantGraph> {
  const found = await readTables(session);
  const references = await readReferences(session);
  const partitions = await readPartitions(session);
  const gaps = findTenantGaps(expected, { tables: found, references, partitions });
  if (gaps.length > 0) {
    throw new TenantryError({
      code: "tenant-incomplete",
      message: `The rows of one creator cannot be told completely: ${gaps.length === 1 ? "a table is" : `${gaps.length} tables are`} not as the schema declares.`,
      details: gaps,
      hint: "Nothing was changed. Declare each table with withTenantRls(t), or drop it or its foreign key; migrate, then run the command again.",
    });
  }
  const tables = expected.tables.flatMap(({ schema, name, declaration }): TenantTable[] => {
    if (declaration?.tenantColumn === undefined || partitions.has(tableKey({ schema, name }))) return [];
    const { kind, tenantColumn, tenantType = expected.settings.columnType, auditLog } = declaration;
    return [
      {
        ...{ schema, name, subject: tableSubject(schema, name), tenantColumn, tenantType },
        isRoot: kind === "root",
        auditErasure: auditLog === undefined ? undefined : (declaration.erase ?? "pseudonymise"),
      },
    ];
  });
  const keys = new Set(tables.map(tableKey));
  const among = references.filter(({ table, foreignTable }) => keys.has(table) && keys.has(foreignTable));
  return {
    groups: groupByReferences(tables, among),
    tables,
    references: among,
    copies: found
      .filter(
        ({ kind, columns }) => kind === "materialized view" && columns.includes(expected.settings.column),
      )
      .map(({ schema, name }) => tableSubject(schema, name)),
  };
}

async function readTables(session: Session): Promise<FoundTable[]> {
  return await session<FoundTable[]>`
    select n.nspname as schema, c.relname as name,
           case c.relkind when 'f' then 'foreign table' when 'm' then 'materialized view' else 'table' end as kind,
           array(select a.attname::text from pg_catalog.pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'm') and not c.relispartition
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not (n.nspname = ${ENGINE_SCHEMA} and c.relname = any(${[...ENGINE_TABLES]}))
      and not exists (select from pg_catalog.pg_depend d
                      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by 1, 2`;
}

/** A key between partitions, too: both sides by their topmost parents. */
async function readReferences(session: Session): Promise<TableReference[]> {
  const rows = await session<
    (Omit<TableReference, "table" | "foreignTable"> & Record<"own" | "other", [string, string]>)[]
  >`
    select k.conname as constraint, array[n.nspname, c.relname]::text[] as own, array[fn.nspname, f.relname]::text[] as other,
           array(select a.attname::text from unnest(k.conkey) with ordinality as key(number, position)
                 join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.number
                 order by key.position) as columns,
           array(select a.attname::text from unnest(k.confkey) with ordinality as key(number, position)
                 join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.number
                 order by key.position) as "foreignColumns"
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = coalesce(pg_catalog.pg_partition_root(k.conrelid), k.conrelid)
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class f on f.oid = coalesce(pg_catalog.pg_partition_root(k.confrelid), k.confrelid)
    join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
    where k.contype = 'f' and k.conparentid = 0 order by 2, 1`;
  const keyOf = ([schema, name]: readonly [string, string]) => tableKey({ schema, name });
  return rows.map(({ own, other, ...rest }) => ({ ...rest, table: keyOf(own), foreignTable: keyOf(other) }));
}

/** The keys of all partitions. */
async function readPartitions(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session<{ schema: string; name: string }[]>`
    select n.nspname as schema, c.relname as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relispartition`;
  return new Set(rows.map(tableKey));
}
