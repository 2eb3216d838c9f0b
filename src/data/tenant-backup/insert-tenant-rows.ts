import { setContextSql } from "../../client/tenant/tenant-context.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Expected } from "../../isolation/expected.js";
import type { Session } from "../../postgres/connect.js";
import { tableKey } from "../rows/read-tables.js";
import type { TenantGraph, TenantTable } from "../tenant/tenant-graph.js";
import type { StagedTable } from "./stage-rows.js";

/** What to insert, and for whom. */
export type InsertRequest = {
  readonly expected: Expected;
  readonly graph: TenantGraph;
  readonly staged: readonly StagedTable[];
  readonly tenant: string;
  readonly actor: string;
};

/**
 * Moves staged rows into their tables: what is referred to first, and a circle in one statement, at whose end its keys are
 * checked. As the role of services in the tenant's context, so that row security refuses every row of another; as the admin
 * role where services may not insert.
 */
export async function insertTenantRows(session: Session, request: InsertRequest): Promise<void> {
  const { expected, graph, staged, tenant, actor } = request;
  const { roles } = expected.settings;
  for (const { place } of staged)
    await session.unsafe(
      `grant select on ${place} to ${quoteIdentifier(roles.tenant)}, ${quoteIdentifier(roles.admin)}`,
    );
  await session.unsafe(setContextSql(expected.settings, { tenant, actor })).simple();
  const byKey = new Map(staged.map((one) => [tableKey(one.shape), one]));
  for (const group of graph.groups) {
    const inserts = group.flatMap((table) => byKey.get(tableKey(table)) ?? []).map(insertSql);
    const [first, ...others] = inserts;
    if (first === undefined) continue;
    const parts = others.map((text, index) => `part_${index + 1} as (${text})`);
    const mayInsert = group.every((table) => isInsertable(expected, table));
    await session.unsafe(`set local role ${quoteIdentifier(mayInsert ? roles.tenant : roles.admin)}`);
    await session.unsafe(parts.length === 0 ? first : `with ${parts.join(",\n     ")}\n${first}`);
    await session.unsafe("reset role");
  }
  await advanceSequences(session, graph);
}

function isInsertable(expected: Expected, table: TenantTable): boolean {
  const declared = expected.tables.find(({ schema, name }) => schema === table.schema && name === table.name);
  return declared?.declaration?.commands.includes("insert") === true;
}

/** The log only grows: what it has stays as it is. */
function insertSql({ shape, place, columns }: StagedTable): string {
  const target = qualify(shape.schema, shape.name);
  const onConflict = shape.tenantTable.auditErasure === undefined ? "" : " on conflict do nothing";
  return `insert into ${target} (${columns}) overriding system value select ${columns} from ${place}${onConflict}`;
}

/** A number that a row has brought along must not be given out once more. */
async function advanceSequences(session: Session, { tables }: TenantGraph): Promise<void> {
  const owned = await session<{ schema: string; name: string; column: string; sequence: string }[]>`
    select n.nspname as schema, c.relname as name, a.attname as column,
           format('%I.%I', sn.nspname, s.relname) as sequence
    from pg_catalog.pg_depend d
    join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
    join pg_catalog.pg_class c on c.oid = d.refobjid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
    where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i')`;
  const keys = new Set(tables.map(tableKey));
  for (const one of owned.filter((each) => keys.has(tableKey(each)))) {
    await session.unsafe(
      `select pg_catalog.setval(cast($1 as text)::regclass, highest) from (
         select max(${quoteIdentifier(one.column)})::bigint as highest from ${qualify(one.schema, one.name)}) as found,
         ${one.sequence} as now where highest > now.last_value`,
      [one.sequence],
    );
  }
}
